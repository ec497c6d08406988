// While kubeadm replaces the static pods of an only control plane, its kubelet waits for the API server that it is to start:
// for 34 s when etcd is away, until it is told that a mirror pod cannot be changed; for its termination grace period when it
// was told to end, since its watches never do; then for up to a minute to show new pods, since it asks less and less often.
// A kubelet that is restarted, and finds nobody at the port of the API server, starts what is missing at once.
import { StatusError } from '../../api/errors.ts';
import { errorCode } from '../host/file-errors.ts';
import type { Host } from '../host/host.ts';
import { lastLines } from '../host/output.ts';
import { reasonOf } from '../host/messages.ts';
import { etcdMembers } from './etcd.ts';
import { staleProblems } from './kubelet-health.ts';
import { inspectFlags, kubeletInputs } from './kubelet-inputs.ts';
import { inspectLayout } from './layout.ts';
import { readService } from './service.ts';
import { podProcesses, type Process } from './static-pod-processes.ts';
import { apiServerUrl, readStaticPod, type StaticPod, type StaticPodName } from './static-pods.ts';

const LOOK_SECONDS = 0.5;
/** etcd's successor may be about to start. */
const ETCD_SECONDS = 1;
/** Requests that are under way may end. */
const API_SERVER_SECONDS = 2;
const RESTART_SECONDS = 120;

/**
 * What `work` gives; what goes wrong beside it is only told. Not among several control planes: others serve meanwhile, and
 * their kubelets may ask them. `kubernetes`: the target.
 */
export async function hasteningKubelet<T>(
  host: Host,
  kubernetes: string,
  work: () => Promise<T>,
): Promise<T> {
  const tell = (error: unknown): void => host.log(`kubelet: not restarted meanwhile: ${reasonOf(error)}`);
  const moments = await findMoments(host).catch(tell);
  if (!moments) return work();
  const stop = new AbortController();
  const looks = restartAt(host, kubernetes, moments, stop.signal).catch(tell);
  try {
    return await work();
  } finally {
    stop.abort();
    await looks;
  }
}

/** Is it time? Then the API servers that serve nobody any more. never: a new one starts already. */
type Moment = () => Promise<readonly Process[] | 'not yet' | 'never'>;

/** None where there are other control planes, judged by etcd, which runs beside each of them. Errors: StatusError. */
async function findMoments(host: Host): Promise<Moment[]> {
  const members = await etcdMembers(host);
  if (typeof members === 'string' || members.length !== 1) return [];
  const [etcd, apiServer] = [await readStaticPod(host, 'etcd'), await readStaticPod(host, 'kube-apiserver')];
  return etcd && apiServer ? [withoutEtcd(host, etcd, apiServer), withoutApiServer(host, apiServer)] : [];
}

/** Once at each of them. */
async function restartAt(
  host: Host,
  kubernetes: string,
  moments: readonly Moment[],
  signal: AbortSignal,
): Promise<void> {
  let left = moments;
  for (; !signal.aborted && left.length > 0; await host.clock.sleep(LOOK_SECONDS, signal)) {
    for (const moment of left) {
      const idle = await moment();
      if (idle === 'not yet') continue;
      left = left.filter((other) => other !== moment);
      if (idle !== 'never') await restart(host, kubernetes, idle);
    }
  }
}

/**
 * With what it runs with now, so that it starts again as it has started before; else it is left alone. An API server has no
 * data, and what it has acknowledged is in etcd. In this order: at no moment is there no kubelet that would start it again.
 * Errors: StatusError.
 */
async function restart(host: Host, kubernetes: string, idle: readonly Process[]): Promise<void> {
  const layout = await inspectLayout(host);
  const inputs = await kubeletInputs(host, layout, await inspectFlags(host, layout, kubernetes));
  const sha256 = await host.files.sha256(layout.kubelet);
  const stale = await staleProblems(host, await readService(host, 'kubelet'), { inputs, sha256 });
  if (stale.length > 0) throw new StatusError(stale.join('; '), { reason: 'Failed' });
  host.log('kubelet: restarted, so that it starts what is missing at once');
  const options = { timeoutSeconds: RESTART_SECONDS };
  const { code, stderr } = await host.run(['systemctl', 'restart', 'kubelet'], options);
  if (code !== 0) throw new StatusError(`exit code ${code}: ${lastLines(stderr, 200)}`, { reason: 'Failed' });
  for (const { pid } of idle) {
    host.log(`kube-apiserver: serves nobody: SIGKILL to process ${pid}`);
    // One that ended meanwhile is no failure.
    await host.run(['kill', '-s', 'KILL', String(pid)]);
  }
}

/** etcd was replaced, and has ended by itself; there is no new one. */
function withoutEtcd(host: Host, etcd: StaticPod, apiServer: StaticPod): Moment {
  const lasts = lasting(host, ETCD_SECONDS);
  return async () => {
    const now = await replacement(host, 'etcd', etcd);
    if (now === undefined) return 'not yet';
    const running = await podProcesses(host, 'etcd', [etcd, now]);
    return lasts(running.length === 0) ? podProcesses(host, 'kube-apiserver', [apiServer]) : 'not yet';
  };
}

/** The API server was replaced, and does not listen any more. Its successor does not listen either, while it starts. */
function withoutApiServer(host: Host, apiServer: StaticPod): Moment {
  const lasts = lasting(host, API_SERVER_SECONDS);
  let lastSeen = host.clock.now();
  return async () => {
    const look = host.clock.now();
    const now = await replacement(host, 'kube-apiserver', apiServer);
    if (now === undefined) {
      lastSeen = look;
      return 'not yet';
    }
    if (!lasts(!(await listens(host, apiServer)))) return 'not yet';
    const running = await podProcesses(host, 'kube-apiserver', [apiServer, now]);
    return running.some(({ startedAt }) => startedAt > lastSeen) ? 'never' : running;
  };
}

/** Has it been so at each look of so many seconds? */
function lasting(host: Host, seconds: number): (isSo: boolean) => boolean {
  let since: number | undefined;
  return (isSo) => {
    const now = host.clock.monotonic();
    since = isSo ? (since ?? now) : undefined;
    return since !== undefined && now - since >= seconds;
  };
}

/** undefined: it lies there as it did, or there is none in between. */
async function replacement(
  host: Host,
  name: StaticPodName,
  before: StaticPod,
): Promise<StaticPod | undefined> {
  const now = await readStaticPod(host, name);
  return now?.sha256 === before.sha256 ? undefined : now;
}

/** A late answer, or a broken one, says that somebody does. */
async function listens(host: Host, apiServer: StaticPod): Promise<boolean> {
  try {
    await host.http({ url: `${apiServerUrl(apiServer)}/livez`, tls: { ca: 'any' }, timeoutSeconds: 1 });
    return true;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return errorCode(error.cause) !== 'ECONNREFUSED';
  }
}
