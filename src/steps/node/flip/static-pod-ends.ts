// Ends static pods while no kubelet runs that would start them again. By their processes: any container runtime will do.
import { dirname } from 'node:path/posix';
import { StatusError } from '../../../api/errors.ts';
import type { Host } from '../../host/host.ts';
import { podProcesses, type Process } from '../static-pod-processes.ts';
import { manifestFile, parseStaticPod, type StaticPod, type StaticPodName } from '../static-pods.ts';
import { keptManifest, renderedFile } from './flip-folder.ts';

const LOOK_SECONDS = 0.1;
/** A killed process is gone when the kernel has cleaned up. */
const KILLED_SECONDS = 10;

/** As the old manifest starts it, or the new one: clusters hosted on this node have processes of the same names. */
export async function flipProcesses(host: Host, operation: string, pod: StaticPodName): Promise<Process[]> {
  const pods: StaticPod[] = [];
  for (const path of [manifestFile(pod), keptManifest(operation, pod), renderedFile(operation, pod)]) {
    const content = await host.files.read(path);
    if (content !== undefined) pods.push(parseStaticPod(content, pod));
  }
  return podProcesses(host, pod, pods);
}

export async function signalPod(
  host: Host,
  operation: string,
  pod: StaticPodName,
  signal: 'TERM' | 'KILL',
): Promise<void> {
  for (const { pid } of await flipProcesses(host, operation, pod)) {
    host.log(`${pod}: SIG${signal} to process ${pid}`);
    // One that ended meanwhile is no failure: whether they are gone is looked at, not concluded.
    await host.run(['kill', '-s', signal, String(pid)]);
  }
}

interface Ending {
  pods: readonly StaticPodName[];
  seconds: number;
  otherwise: 'kill' | 'fail';
}

/** Errors: StatusError Failed naming those that run still. */
export async function awaitEnd(
  host: Host,
  operation: string,
  { pods, seconds, otherwise }: Ending,
): Promise<void> {
  let left = await awaitGone(host, operation, pods, seconds);
  if (left.length > 0 && otherwise === 'kill') {
    for (const pod of left) await signalPod(host, operation, pod, 'KILL');
    left = await awaitGone(host, operation, left, KILLED_SECONDS);
  }
  if (left.length === 0) return;
  throw new StatusError(`${left.join(', ')}: got a process still, expected it to end in ${seconds} s`, {
    reason: 'Failed',
  });
}

async function awaitGone(
  host: Host,
  operation: string,
  pods: readonly StaticPodName[],
  seconds: number,
): Promise<StaticPodName[]> {
  const end = host.clock.monotonic() + seconds;
  for (;;) {
    const left: StaticPodName[] = [];
    for (const pod of pods) if (await runs(host, operation, pod)) left.push(pod);
    if (left.length === 0 || host.clock.monotonic() >= end) return left;
    await host.clock.sleep(LOOK_SECONDS);
  }
}

async function runs(host: Host, operation: string, pod: StaticPodName): Promise<boolean> {
  if ((await flipProcesses(host, operation, pod)).length > 0) return true;
  return pod === 'etcd' && (await isDatabaseInUse(host));
}

/** etcd holds a lock (flock) on its database: so one is found whatever its process looks like. */
export async function isDatabaseInUse(host: Host): Promise<boolean> {
  const content = await host.files.read(manifestFile('etcd'));
  const dataFolder = content && parseStaticPod(content, 'etcd').flags.get('data-dir');
  const database = `${dataFolder ?? ''}/member/snap/db`;
  if (!dataFolder || (await host.files.status(database)) === undefined) return false;
  const { code, stderr } = await host.run(['flock', '-x', '-n', database, 'true']);
  if (code <= 1) return code === 1;
  throw new StatusError(`flock ${dirname(database)}: exit code: got ${code}: ${stderr.trim()}`, {
    reason: 'Failed',
  });
}
