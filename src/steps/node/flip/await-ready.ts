// After the kubelet was started: is the API server there, or will it never be?
import { StatusError } from '../../../api/errors.ts';
import { problemsOf } from '../../host/effect.ts';
import type { Host } from '../../host/host.ts';
import { apiServerProblems } from '../control-plane-health.ts';
import { etcdAccess } from '../etcd.ts';
import { readService } from '../service.ts';
import { staticPodProcess } from '../static-pod-processes.ts';

const LOG_FOLDER = '/var/log/pods';
const WATCHED = ['etcd', 'kube-apiserver'] as const;
type Watched = (typeof WATCHED)[number];
const LOOK_SECONDS = 0.25;
const KUBELET_LOOK_SECONDS = 2;
/** The kubelet starts a pod that ends again at once, and once more 10 s later: by then it is no matter of order or load. */
const TOO_MANY_STARTS = 3;
/** One that ended twice waits for that: its process is away longer than a container needs to begin. */
const ENDED_AGAIN = 2;
const AWAY_SECONDS = 2;
const TOO_MANY_RESTARTS = 2;

/** Log folder of a container -> how often it was started, as the numbers of its logs say. */
export type Starts = ReadonlyMap<string, number>;

export interface Readiness {
  ready: boolean;
  seconds: number;
  /** Why it is not. */
  reason: string;
  /** etcd was seen at its client port: it may have taken writes. */
  etcdAnswered: boolean;
}

/** Looks at least once. `before`: of the moment before the kubelet was started. Errors: none but mistakes. */
export async function awaitReady(
  host: Host,
  { kubernetes, seconds, before }: { kubernetes: string | undefined; seconds: number; before: Starts },
): Promise<Readiness> {
  const { clock } = host;
  const start = clock.monotonic();
  let [etcdAnswered, kubeletLook] = [false, start + KUBELET_LOOK_SECONDS];
  const awaySince = new Map<string, number>();
  for (;;) {
    etcdAnswered ||= await answersEtcd(host);
    const problems = await problemsOf(() => apiServerProblems(host, kubernetes));
    // That may have waited for long.
    etcdAnswered ||= await answersEtcd(host);
    const now = clock.monotonic();
    const passed = now - start;
    if (problems.length === 0) return { ready: true, seconds: passed, reason: '', etcdAnswered };
    let loop = await crashLoop(host, { before, etcdAnswered, awaySince });
    if (now >= kubeletLook) {
      loop ??= await kubeletLoop(host);
      kubeletLook = now + KUBELET_LOOK_SECONDS;
    }
    const reason = loop ?? `not ready in ${seconds} s: ${problems.join('; ')}`;
    if (loop !== undefined || passed >= seconds)
      return { ready: false, seconds: passed, reason, etcdAnswered };
    await clock.sleep(LOOK_SECONDS);
  }
}

/** Of the static pods that are watched. */
export async function containerStarts(host: Host): Promise<Starts> {
  const starts = new Map<string, number>();
  for (const folder of await host.files.list(LOG_FOLDER)) {
    for (const pod of WATCHED.filter((name) => folder.startsWith(`kube-system_${name}-`))) {
      const path = `${LOG_FOLDER}/${folder}/${pod}`;
      const numbers = (await host.files.list(path)).map((name) =>
        Number(/^(\d+)\.log$/.exec(name)?.[1] ?? -1),
      );
      starts.set(path, Math.max(-1, ...numbers) + 1);
    }
  }
  return starts;
}

interface Seen {
  before: Starts;
  etcdAnswered: boolean;
  /** Log folder of a container -> monotonic seconds since which it has no process. */
  awaySince: Map<string, number>;
}

/** An API server ends by itself while its etcd is not there yet: that says nothing of it. */
async function crashLoop(host: Host, seen: Seen): Promise<string | undefined> {
  for (const [path, count] of await containerStarts(host)) {
    const since = count - (seen.before.get(path) ?? 0);
    const pod = WATCHED.find((name) => path.endsWith(`/${name}`));
    if (!pod || since < ENDED_AGAIN || (pod === 'kube-apiserver' && !seen.etcdAnswered)) continue;
    if (since >= TOO_MANY_STARTS || (await isAway(host, pod, path, seen)))
      return `${pod}: got ${since} starts, expected one that lasts (log: ${path})`;
  }
  return undefined;
}

async function isAway(host: Host, pod: Watched, path: string, { awaySince }: Seen): Promise<boolean> {
  if (await staticPodProcess(host, pod)) {
    awaySince.delete(path);
    return false;
  }
  const now = host.clock.monotonic();
  const since = awaySince.get(path) ?? now;
  awaySince.set(path, since);
  return now - since >= AWAY_SECONDS;
}

async function kubeletLoop(host: Host): Promise<string | undefined> {
  try {
    const { activeState, restarts } = await readService(host, 'kubelet');
    if (activeState === 'failed') return 'kubelet.service: got failed, expected active';
    return restarts >= TOO_MANY_RESTARTS
      ? `kubelet.service: got ${restarts} restarts, expected none`
      : undefined;
  } catch (error) {
    if (error instanceof StatusError) return undefined;
    throw error;
  }
}

/** Any answer is one. What cannot be asked counts as one: nothing may be concluded from it. */
async function answersEtcd(host: Host): Promise<boolean> {
  try {
    const access = await etcdAccess(host);
    if (typeof access === 'string') return true;
    await host.http({ url: `${access.url}/version`, tls: access.tls, timeoutSeconds: 1 });
    return true;
  } catch (error) {
    if (error instanceof StatusError) return error.reason !== 'Unavailable';
    throw error;
  }
}
