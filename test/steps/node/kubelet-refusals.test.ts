import { afterEach, describe, expect, it } from '@jest/globals';
import { kubelet } from '../../../src/steps/node/kubelet.ts';
import type { StagedComponents } from '../../../src/steps/node/node-step.ts';
import type { TestHost } from './host-tree.ts';
import { createKubeletHost, FOLDER, STAGED } from './kubelet-host.ts';
import { contextFor, writeRelease } from './release.ts';

let host: TestHost;
afterEach(() => host.remove());

describe('the kubelet is refused', () => {
  const refusals = async (components: StagedComponents | undefined, plan = {}): Promise<readonly string[]> =>
    (await kubelet.prepare(host, contextFor(components, { kubernetes: 'v1.34.4', ...plan }))).refusals;

  it('when the staged one is corrupt', async () => {
    const made = await createKubeletHost('worker');
    host = made.host;
    await host.files.write(STAGED, 'kubelet v1.34.X\n', { mode: 0o755 });
    expect(await refusals(made.components)).toEqual([
      expect.stringMatching(
        /^\/var\/lib\/refit\/stage\/r1\/kubernetes\/kubelet: got sha256 \w{12}\.\.\., expected sha256/,
      ),
    ]);
  });

  it('with flags that it does not know, on the node and to come', async () => {
    const made = await createKubeletHost('worker');
    host = made.host;
    await host.files.write('/etc/default/kubelet', 'KUBELET_EXTRA_ARGS=--housekeeping-interval 5s\n', {
      mode: 0o644,
    });
    const desired = {
      version: 1 as const,
      files: [],
      kubeletExtraArgs: [
        { name: 'node-ip', value: '10.0.0.1' },
        { name: 'nod-labels', value: 'a=b' },
        { name: 'container-runtime', value: 'remote' },
      ],
      ignorePreflightErrors: [],
      certSANs: [],
    };
    const work = await kubelet.prepare(host, { ...contextFor(made.components), desired });
    expect(work.refusals).toEqual([
      '/etc/default/kubelet: got --housekeeping-interval, which kubelet v1.34.4 does not know',
      'kubeletExtraArgs: got --nod-labels, which kubelet v1.34.4 does not know',
    ]);
  });

  it('above the API server of its node, unless kubeadm comes first', async () => {
    const made = await createKubeletHost('control-plane');
    host = made.host;
    const steps = ['kubeadm', 'kubelet'].map((name) => ({ name, timeoutSeconds: 60 }));
    expect(await refusals(made.components, { steps: steps.slice(1) })).toEqual([
      'API server of this node: got v1.33.13 in its manifest, expected none older than kubelet v1.34.4',
    ]);
    expect(await refusals(made.components, { steps })).toEqual([]);
  });

  it('when there is none of that version', async () => {
    host = (await createKubeletHost('worker')).host;
    expect(await refusals(undefined)).toEqual([
      'kubelet: got v1.33.13 here and none in the release, expected v1.34.4',
    ]);
    expect(await refusals(undefined, { kubernetes: 'v1.33.13' })).toEqual([]);
  });

  it('when the disk is full', async () => {
    const made = await createKubeletHost('worker');
    host = made.host;
    host.files.spaces.set('/usr/bin', { freeBytes: 1000, freeInodes: 100 });
    const components = await writeRelease(host, FOLDER, { kubernetes: 'v1.34.4' });
    expect(await refusals(components)).toEqual(['/usr/bin: got 1000 bytes free, expected 67108896']);
  });
});
