// A control-plane node that is to be flipped from 1.33 to 1.34; both kubeadms render what the real ones have rendered.
import { parseAllDocuments } from 'yaml';
import type { DesiredConfiguration } from '../../../../src/api/desired-configuration.ts';
import type { CommandResult } from '../../../../src/steps/host/host.ts';
import type { StepContext } from '../../../../src/steps/node/node-step.ts';
import { manifestFile, STATIC_PODS, type StaticPodName } from '../../../../src/steps/node/static-pods.ts';
import { desiredConfiguration } from '../desired.ts';
import { createTestHost, type TestHost } from '../host-tree.ts';
import { contextFor, writeRelease } from '../release.ts';
import { NEW, OLD, recorded } from './recorded.ts';

export const INSTALLED_KUBEADM = '/usr/bin/kubeadm';
export const STAGED_KUBEADM = '/var/lib/refit/stage/r1/kubernetes/kubeadm';
export const FOLDER = '/var/lib/refit/machine-1-1/flip';

export const CLUSTER = `apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.34.4
clusterName: c
controlPlaneEndpoint: 172.30.0.10:6443
networking: {podSubnet: 10.1.0.0/16}
`;

export interface FlipSite {
  host: TestHost;
  /** Documents of each configuration that a kubeadm was given, and the patches that it found. */
  asked: { kubeadm: string; configuration: Record<string, unknown>[]; patches: Record<string, string> }[];
  /** As kubeadm did earlier: a folder for each run, below the one that it is given. */
  makesFolders: boolean;
  context(change?: {
    desired?: Partial<DesiredConfiguration>;
    plan?: Partial<StepContext['plan']>;
  }): StepContext;
  /** Instead of what `kubeadm` answers. */
  fail(kubeadm: string, result: Partial<CommandResult>): void;
}

export async function createFlipSite(): Promise<FlipSite> {
  const host = await createTestHost({ role: 'control-plane', kubernetes: OLD });
  const components = await writeRelease(host, '/var/lib/refit/stage/r1', { kubernetes: NEW });
  for (const name of STATIC_PODS) {
    await host.files.write(manifestFile(name), recorded(OLD, name), { mode: 0o600 });
  }
  const asked: FlipSite['asked'] = [];
  for (const kubeadm of [INSTALLED_KUBEADM, STAGED_KUBEADM]) {
    host.answer([kubeadm, 'init', 'phase'], async (argv, options) => {
      const file = argv.find((word) => word.startsWith('--config='))?.slice('--config='.length) ?? '';
      const text = String(await host.files.read(file));
      const configuration = parseAllDocuments(text).map((one) => one.toJS() as Record<string, unknown>);
      const given = options?.env?.['KUBEADM_INIT_DRYRUN_DIR'] ?? '/nowhere';
      const folder = site.makesFolders ? `${given}/tmp/kubeadm-init-dryrun${asked.length}` : given;
      const names: readonly StaticPodName[] =
        argv[3] === 'etcd' ? ['etcd'] : STATIC_PODS.filter((name) => name !== 'etcd');
      const version = String(configuration[1]?.['kubernetesVersion']);
      for (const name of names) {
        await host.files.write(`${folder}/${name}.yaml`, recorded(version, name), { mode: 0o600 });
      }
      asked.push({ kubeadm, configuration, patches: await patchesOf(host, configuration[0]) });
      return argv.includes('--dry-run')
        ? 'would write file with content: hunter2\n'
        : { code: 1, stderr: 'no dry-run' };
    });
  }
  const site: FlipSite = {
    host,
    asked,
    makesFolders: false,
    context: ({ desired, plan } = {}) => ({
      ...contextFor(components, {
        controlPlane: { method: 'flip' },
        steps: [{ name: 'kubeadm', timeoutSeconds: 1800 }],
        ...plan,
      }),
      desired: desiredConfiguration({ clusterConfiguration: CLUSTER, ...desired }),
    }),
    fail: (kubeadm, result) => host.answer([kubeadm, 'init', 'phase'], { code: 1, ...result }),
  };
  return site;
}

async function patchesOf(
  host: TestHost,
  init: Record<string, unknown> | undefined,
): Promise<Record<string, string>> {
  const patches = init?.['patches'] as { directory: string } | undefined;
  if (!patches) return {};
  const found: Record<string, string> = {};
  for (const name of await host.files.list(patches.directory)) {
    found[name] = String(await host.files.read(`${patches.directory}/${name}`));
  }
  return found;
}
