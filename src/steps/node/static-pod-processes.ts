// The processes of the control plane's static pods on this node: which began before a file changed that they have read.
import { StatusError } from '../../api/errors.ts';
import type { Argv, Host } from '../host/host.ts';
import { readStaticPod, STATIC_PODS, type StaticPod, type StaticPodName } from './static-pods.ts';

export interface Process {
  pid: number;
  startedAt: Date;
}

/** The kernel cuts names of processes. */
const COMM_LENGTH = 15;
/** Clock ticks as /proc shows them, on every architecture. */
const TICKS_PER_SECOND = 100;

export type StaticPods = ReadonlyMap<StaticPodName, StaticPod>;

/** Those of this node, in kubeadm's order; none on workers. */
export async function readStaticPods(host: Host): Promise<StaticPods> {
  const pods = new Map<StaticPodName, StaticPod>();
  for (const name of STATIC_PODS) {
    const pod = await readStaticPod(host, name);
    if (pod) pods.set(name, pod);
  }
  return pods;
}

/** The one that the manifest on this node starts: clusters hosted on it in pods have processes of the same names. */
export async function staticPodProcess(host: Host, name: StaticPodName): Promise<Process | undefined> {
  const pod = await readStaticPod(host, name);
  return pod && (await podProcesses(host, name, [pod]))[0];
}

/** All that one of these manifests starts, or has started. */
export async function podProcesses(
  host: Host,
  name: StaticPodName,
  pods: readonly StaticPod[],
): Promise<Process[]> {
  return processesNamed(host, name, async (pid) => {
    const words = await processWords(host, pid, 'cmdline');
    return pods.some((pod) => hasFlags(words, pod));
  });
}

export async function processesNamed(
  host: Host,
  name: string,
  isMeant: (pid: string) => Promise<boolean>,
): Promise<Process[]> {
  const found: Process[] = [];
  const pids = (await host.files.list('/proc')).filter((entry) => /^\d+$/.test(entry));
  for (const pid of pids) {
    if ((await processFile(host, pid, 'comm'))?.trim() !== name.slice(0, COMM_LENGTH)) continue;
    const startedAt = (await isMeant(pid)) ? await startOf(host, pid) : undefined;
    if (startedAt !== undefined) found.push({ pid: Number(pid), startedAt });
  }
  return found;
}

/** Static pods that read a file: those whose flags name it, or if none does, all that it is mounted into. Pure. */
export function readersOf(pods: StaticPods, path: string): StaticPodName[] {
  const mounting = [...pods].filter(([, pod]) => isMounted(pod, path));
  const naming = mounting.filter(([, { flags }]) =>
    [...flags.values()].some((value) => value.split(',').includes(path)),
  );
  return (naming.length > 0 ? naming : mounting).map(([name]) => name);
}

/** Static pod -> a file of these that has changed since its process began. Those that do not run will read them anyway. */
export async function outdatedProcesses(
  host: Host,
  pods: StaticPods,
  files: readonly string[],
): Promise<Map<StaticPodName, string>> {
  const outdated = new Map<StaticPodName, string>();
  for (const path of files) {
    for (const name of readersOf(pods, path)) {
      const running = await staticPodProcess(host, name);
      if (running && (await isChangedSince(host, path, running.startedAt))) outdated.set(name, path);
    }
  }
  return outdated;
}

/** Its content, by whatever link it is reached. A time to come was given by a wrong clock, and says nothing. */
export async function isChangedSince(host: Host, path: string, date: Date): Promise<boolean> {
  const real = await host.files.resolve(path);
  const changedAt = real === undefined ? undefined : (await host.files.status(real))?.modifiedAt;
  return changedAt !== undefined && changedAt > date && changedAt <= host.clock.now();
}

/** The kubelet starts it again at once. SIGTERM: it ends what it is about. Errors: StatusError Failed. */
export async function endStaticPod(host: Host, name: StaticPodName): Promise<void> {
  const running = await staticPodProcess(host, name);
  if (!running) return host.log(`${name}: does not run now, and will read everything when it starts`);
  const { code, stderr } = await host.run(endCommand(running));
  if (code === 0) return;
  throw new StatusError(`${name}: kill: exit code ${code}: ${stderr.trim()}`, { reason: 'Failed' });
}

export const endCommand = ({ pid }: Process): Argv => ['kill', '-s', 'TERM', String(pid)];

function isMounted({ hostPaths }: StaticPod, path: string): boolean {
  return hostPaths.some((mount) => `${path}/`.startsWith(mount.endsWith('/') ? mount : `${mount}/`));
}

function hasFlags(words: readonly string[], { flags }: StaticPod): boolean {
  return [...flags].every(
    ([name, value]) =>
      words.includes(`--${name}=${value}`) || (value === 'true' && words.includes(`--${name}`)),
  );
}

/** By the time since boot, like modification times by the clock of now: a clock that was set does not matter. */
async function startOf(host: Host, pid: string): Promise<Date | undefined> {
  const stat = await processFile(host, pid, 'stat');
  // The name, in parentheses, may hold blanks; the start is the 22nd field of all.
  const ticks = Number(
    stat
      ?.slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .at(22 - 3),
  );
  const uptime = Number.parseFloat(String(await host.files.read('/proc/uptime')));
  if (!(ticks >= 0 && uptime > 0)) return undefined;
  return new Date(host.clock.now().getTime() - (uptime - ticks / TICKS_PER_SECOND) * 1000);
}

/** Empty: the process is gone. */
export async function processWords(host: Host, pid: string, file: 'cmdline' | 'environ'): Promise<string[]> {
  return (await processFile(host, pid, file))?.split('\0') ?? [];
}

/** undefined: the process is gone; between opening and reading that is an error of its own (ESRCH). */
async function processFile(host: Host, pid: string, name: string): Promise<string | undefined> {
  try {
    return (await host.files.read(`/proc/${pid}/${name}`))?.toString();
  } catch {
    return undefined;
  }
}
