// A release for the test host: programs that say their version when they are asked.
import { createHash } from 'node:crypto';
import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import type { Components } from '../../../src/api/components.ts';
import type { HostPlan } from '../../../src/api/host-plan.ts';
import type { StagedComponents, StepContext } from '../../../src/steps/node/node-step.ts';
import type { TestHost } from './host-tree.ts';
import { program } from './tree-content.ts';

export interface Versions {
  kubernetes: string;
  containerd?: string;
  cni?: string;
}

const NAMES = {
  kubernetes: ['kubeadm', 'kubelet', 'kubectl'],
  containerd: ['containerd', 'containerd-shim-runc-v2', 'ctr', 'runc'],
  cni: ['bridge', 'loopback', 'tap'],
} as const;

export const digest = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');

/** Writes a release's files and its manifest; `prefix` comes before what each program is made of. */
export async function writeRelease(
  host: TestHost,
  folder: string,
  versions: Versions,
  prefix = '',
): Promise<StagedComponents> {
  const files: Components['files'] = [];
  for (const component of ['kubernetes', 'containerd', 'cni'] as const) {
    const version = versions[component];
    if (version === undefined) continue;
    for (const name of NAMES[component]) {
      const content = Buffer.from(prefix + program(name, version), 'latin1');
      await host.files.write(`${folder}/${component}/${name}`, content, { mode: 0o755 });
      files.push({ component, name, size: content.length, sha256: digest(content) });
    }
  }
  const components: Components = { version: 1, architecture: 'amd64', ...versions, files };
  await host.files.write(`${folder}/components.json`, JSON.stringify(components), { mode: 0o600 });
  return { ...components, folder };
}

export function contextFor(
  components: StagedComponents | undefined,
  plan: Partial<HostPlan> = {},
): StepContext {
  return {
    plan: {
      version: 1,
      operation: 'machine-1-1',
      hash: 'h',
      machine: { namespace: 'lab', name: 'machine-1', uid: 'u' },
      cluster: 'lab',
      node: { name: 'node-1', uid: 'n', machineID: '0123456789abcdef0123456789abcdef' },
      role: 'control-plane',
      kubernetes: components?.kubernetes ?? 'v1.33.13',
      release: 'r1',
      desiredSha256: digest(''),
      policy: { untestedHosts: 'refuse', keepBackups: 2 },
      steps: [],
      ...plan,
    },
    desired: undefined,
    components,
  };
}

/** Seconds from the host's start to that of the clock. */
const UPTIME = 100_000;

export async function setUptime(host: TestHost): Promise<void> {
  const uptime = UPTIME + host.clock.monotonic();
  await host.files.write('/proc/uptime', `${uptime.toFixed(2)} 0.00\n`, { mode: 0o444 });
}

/** A service that was started so many seconds before the clock's now, from the program at this path. */
export async function startService(
  host: TestHost,
  unit: 'kubelet' | 'containerd',
  path: string,
  secondsAgo = 60,
): Promise<void> {
  const { MainPID = '' } = host.units[unit] ?? {};
  const seconds = UPTIME + host.clock.monotonic() - secondsAgo;
  Object.assign(host.units[unit] ?? {}, { ExecMainStartTimestampMonotonic: String(seconds * 1e6) });
  await setUptime(host);
  const exe = (await host.files.read(path)) ?? '';
  await host.files.write(`/proc/${MainPID}/exe`, exe, { mode: 0o755 });
}

/** As if the file had been changed so many seconds before the clock's now. */
export async function touch(host: TestHost, path: string, secondsAgo: number): Promise<void> {
  const time = new Date(host.clock.now().getTime() - secondsAgo * 1000);
  await utimes(join(host.root, path), time, time);
}
