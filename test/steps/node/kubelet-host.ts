// A host whose kubelet is to be replaced.
import type { StepReport } from '../../../src/api/step-result.ts';
import type { Host } from '../../../src/steps/host/host.ts';
import { performStep } from '../../../src/steps/host/perform-step.ts';
import { kubelet } from '../../../src/steps/node/kubelet.ts';
import type { StagedComponents } from '../../../src/steps/node/node-step.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { contextFor, setUptime, startService, writeRelease } from './release.ts';

export const FOLDER = '/var/lib/refit/stage/r1';
export const STAGED = `${FOLDER}/kubernetes/kubelet`;
export const INSTALLED = '/usr/bin/kubelet';
export const DROP_IN = '/lib/systemd/system/kubelet.service.d/10-kubeadm.conf';

const KNOWN = [
  'bootstrap-kubeconfig',
  'config',
  'config-dir',
  'container-runtime-endpoint',
  'kubeconfig',
  'node-ip',
];

/** In the form of the kubelet's --help. */
export const help = (...more: string[]): string =>
  `The kubelet ...\n\nFlags:\n${[...KNOWN, ...more].map((name) => `      --${name} string   x\n`).join('')}`;

/** v1.33.13 runs, another version is staged; a restart runs what is installed then. */
export async function createKubeletHost(
  role: 'control-plane' | 'worker',
  kubernetes = 'v1.34.4',
): Promise<{ host: TestHost; components: StagedComponents }> {
  const host = await createTestHost({ role });
  const components = await writeRelease(host, FOLDER, { kubernetes });
  await startService(host, 'kubelet', INSTALLED);
  const pause = kubernetes.startsWith('v1.35') ? [] : ['pod-infra-container-image'];
  host.answer([STAGED, '--help'], help(...pause));
  host.answer([INSTALLED, '--help'], help(...pause));
  host.answer(['systemctl', 'daemon-reload'], '');
  host.answer(['systemctl', 'restart', 'kubelet'], async () => {
    await startService(host, 'kubelet', INSTALLED, 0);
    return '';
  });
  return { host, components };
}

/** Performs the step; the time that it waits passes at once, on the host too. */
export async function performKubelet(
  host: TestHost,
  components: StagedComponents,
  options: { operation?: string; timeoutSeconds?: number; on?: Host } = {},
): Promise<StepReport> {
  const { operation = 'machine-1-1', timeoutSeconds = 60, on = host } = options;
  const sleep = async (seconds: number): Promise<void> => {
    await host.clock.advance(seconds);
    await setUptime(host);
  };
  const steps = [{ name: 'kubeadm', timeoutSeconds: 60 } as const];
  const clock = { ...host.clock, sleep };
  return performStep(kubelet, { ...on, clock }, contextFor(components, { steps, operation }), {
    timeoutSeconds,
  });
}

export async function readText(host: TestHost, path: string): Promise<string> {
  return String(await host.files.read(path));
}
