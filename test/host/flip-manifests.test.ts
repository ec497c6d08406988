// The real kubeadm of two minor versions renders manifests, in dry-run; it needs no machine.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../../src/cli/clock.ts';
import { initConfiguration } from '../../src/steps/node/flip/init-configuration.ts';
import { judgeFlip, type Look } from '../../src/steps/node/flip/judge-flip.ts';
import { manifestDifference } from '../../src/steps/node/flip/manifest-difference.ts';
import { manifestFields } from '../../src/steps/node/flip/manifest-fields.ts';
import { renderManifests, type Manifests } from '../../src/steps/node/flip/render-manifests.ts';
import { createLocalHost } from '../../src/steps/host/local-host.ts';
import { STATIC_PODS } from '../../src/steps/node/static-pods.ts';
import { CLUSTER } from '../steps/node/flip/render-site.ts';
import { allRecorded, NEW, OLD } from '../steps/node/flip/recorded.ts';
import { tool } from '../tools/build.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'refit-flip-'));
const host = createLocalHost({ clock: systemClock(), log: () => undefined });
let kubeadms: Record<string, string>;
beforeAll(async () => {
  kubeadms = { [OLD]: await tool('kubeadm-1.33'), [NEW]: await tool('kubeadm') };
});
afterAll(() => rmSync(folder, { recursive: true }));

async function render(
  kubernetes: string,
  {
    cluster = CLUSTER,
    patchesDirectory,
    proxies = {},
  }: { cluster?: string; patchesDirectory?: string; proxies?: Record<string, string> } = {},
): Promise<Manifests> {
  const configuration = initConfiguration({
    clusterConfiguration: cluster,
    kubernetes,
    nodeName: 'node-1',
    advertiseAddress: '172.30.0.11',
    bindPort: 6443,
    criSocket: 'unix:///var/run/containerd/containerd.sock',
    patchesDirectory,
  });
  const kubeadm = kubeadms[kubernetes] ?? '';
  return renderManifests(host, { kubeadm, configuration, proxies, folder: `${folder}/scratch` });
}

async function look(change: Partial<Look> = {}): Promise<Look> {
  const installed = await render(OLD);
  const baseline = { kubernetes: OLD, manifests: installed };
  return { installed, rendered: await render(NEW), baseline, asLeft: new Set(), ...change };
}

/** Which certificates of the machine are mounted depends on the machine. */
const HOST_CERTIFICATES =
  /\.volumes\.(ca-certs|etc-|usr-)|\.volumeMounts\.\/(etc\/(ssl|pki|ca-certificates)|usr)/;

describe('kubeadm', () => {
  it.each([OLD, NEW])('%s renders what is recorded of it, and leaves nothing else', async (version) => {
    const rendered = await render(version);
    for (const name of STATIC_PODS) {
      const [from, to] = [allRecorded(version), rendered].map((all) =>
        manifestFields(all.get(name) ?? Buffer.of(), name),
      );
      const fields = from && to ? manifestDifference(from, to).map(({ field }) => field) : ['nothing'];
      expect(fields.filter((field) => !HOST_CERTIFICATES.test(field))).toEqual([]);
    }
    expect(readdirSync(folder)).not.toContain('scratch');
  });

  it('takes the patches of a folder', async () => {
    const patches = path.join(folder, 'patches');
    mkdirSync(patches);
    const patch = 'spec: {containers: [{name: kube-scheduler, env: [{name: SITE, value: hunter2}]}]}\n';
    writeFileSync(path.join(patches, 'kube-scheduler+strategic.yaml'), patch);
    const [installed, rendered] = [
      await render(OLD, { patchesDirectory: patches }),
      await render(NEW, { patchesDirectory: patches }),
    ];
    expect(installed.get('kube-scheduler')?.toString()).toContain('hunter2');
    const all = await look({ installed, rendered, baseline: { kubernetes: OLD, manifests: installed } });
    expect(judgeFlip(all).reasons).toEqual([]);
    // Given to `kubeadm init`, but not to the Machine: the upgrade would take it out.
    expect(judgeFlip(await look({ installed })).reasons).toEqual([
      '/etc/kubernetes/manifests/kube-scheduler.yaml: edited by hand, or made by another configuration: ' +
        `spec.containers.kube-scheduler.env.SITE.name: got (hidden), expected nothing of kubeadm ${OLD}; ` +
        `spec.containers.kube-scheduler.env.SITE.value: got (hidden), expected nothing of kubeadm ${OLD}`,
    ]);
  });

  it('takes over proxy variables', async () => {
    const rendered = await render(NEW, { proxies: { HTTPS_PROXY: 'http://proxy.example:3128' } });
    const withProxy = [...rendered].filter(([, content]) => content.includes('http://proxy.example:3128'));
    expect(withProxy.map(([name]) => name)).toEqual(STATIC_PODS.filter((name) => name !== 'etcd'));
  });

  it('says what it does not understand', async () => {
    const cluster = `${CLUSTER}featureGates: {NoSuchGate: true}\n`;
    await expect(render(NEW, { cluster })).rejects.toThrow(
      /init phase control-plane all: exit code: got \d+, expected 0: .*NoSuchGate/,
    );
  });
});

it('what the old kubeadm left may be flipped to what the new one renders', async () => {
  const { reasons, etcdMinorChanges } = judgeFlip(await look());
  expect({ reasons, etcdMinorChanges }).toEqual({ reasons: [], etcdMinorChanges: true });
});
