// preflight with the steps that really follow.
import { afterEach, describe, expect, it } from '@jest/globals';
import { desiredConfigurationDigest } from '../../../src/api/desired-configuration.ts';
import { FLIP_STEPS, type Role } from '../../../src/api/steps.ts';
import { kubeadmFiles } from '../../../src/steps/node/kubeadm-files.ts';
import { writeNodeRecord } from '../../../src/steps/node/node-record.ts';
import type { StepContext, Work } from '../../../src/steps/node/node-step.ts';
import { NODE_STEPS } from '../../../src/steps/node/node-steps.ts';
import { desiredConfiguration } from './desired.ts';
import { answerEtcd, OWN_MEMBER } from './etcd-answers.ts';
import type { TestHost } from './host-tree.ts';
import { createKubeletHost } from './kubelet-host.ts';
import { contextFor } from './release.ts';

let host: TestHost;
afterEach(() => host.remove());

async function prepare(role: Role, kubernetes: string): Promise<() => Promise<Work>> {
  const made = await createKubeletHost(role, kubernetes);
  ({ host } = made);
  answerEtcd(host, { members: [{ ...OWN_MEMBER, version: '3.5.26' }] });
  const desired = desiredConfiguration({ clusterConfiguration: 'kind: ClusterConfiguration\n' });
  const steps = FLIP_STEPS.map((name) => ({ name, timeoutSeconds: 60 }));
  const desiredSha256 = desiredConfigurationDigest(desired);
  const context: StepContext = { ...contextFor(made.components, { role, steps, desiredSha256 }), desired };
  await writeNodeRecord(host, {
    version: 1,
    operation: 'machine-1-0',
    hash: context.plan.hash,
    kubernetes: 'v1.33.13',
    release: 'r0',
    desiredSha256,
    kubeletExtraArgs: ['node-ip'],
    kubeadmFiles: await kubeadmFiles(host),
    finishedAt: '2025-12-01T00:00:00.000Z',
  });
  const preflight = NODE_STEPS.get('preflight');
  if (!preflight) throw new Error('no preflight');
  return () => preflight.prepare(host, context);
}

describe.each<Role>(['control-plane', 'worker'])('a %s', (role) => {
  it('of an older minor is upgraded, and drained for it', async () => {
    const look = await prepare(role, 'v1.34.4');
    const work = await look();
    expect(work).toMatchObject({ refusals: [], actions: [], outputs: { work: 'true', drain: 'true' } });
  });

  it('that is as it should be has no work', async () => {
    const look = await prepare(role, 'v1.33.13');
    expect(await look()).toMatchObject({ refusals: [], outputs: { work: 'false', drain: 'false' } });
  });

  it('that would start a kubelet with a flag it does not know is refused', async () => {
    const look = await prepare(role, 'v1.34.4');
    await host.files.write('/etc/default/kubelet', 'KUBELET_EXTRA_ARGS=--no-such\n', { mode: 0o644 });
    expect((await look()).refusals).toEqual([
      'kubelet: /etc/default/kubelet: got --no-such, which kubelet v1.34.4 does not know',
    ]);
  });
});
