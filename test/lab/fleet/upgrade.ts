// One upgrade of a whole fleet at once, and what it costs.
import type { RequestOptions } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { call } from '../../helpers/https.ts';
import type { LabCluster } from '../kit/cluster.ts';
import type { Site } from '../kit/site.ts';
import { type Machine, type Workflow, workflows } from '../kit/state.ts';
import type { ArgoSettings, ProcessName } from '../processes/names.ts';
import { type ApiRequests, apiRequests, type Client } from './api-requests.ts';
import { bumpWorkers, isUpToDate, workersOf } from './clusters.ts';

export const WATCHED = [
  'etcd',
  'kube-apiserver',
  'capi-core',
  'capi-infrastructure',
  'argo',
  'refit',
  'player',
] as const satisfies ProcessName[];
type Watched = (typeof WATCHED)[number];
type CpuSeconds = Record<Watched, number>;

export interface Cost {
  /** From the first edit until the last Machine is up to date. */
  seconds: number;
  apiRequestsPerMachine: number;
  apiRequestsPerMachineBy: Record<Client, number>;
  /** Highest, while it was watched. */
  serverRssMiB: number;
  serverCpuSeconds: number;
  /** What each process worked. */
  cpuSeconds: CpuSeconds;
}

export interface Upgrade {
  argo: ArgoSettings;
  version: string;
  /** For all of it. */
  limitSeconds: number;
  /** How many Machines are done. */
  progress: (done: number, seconds: number) => void;
}

const POLL_MS = 2000;
const POLICY = { workers: { concurrency: 100 } };
/** Errors: a Machine that was replaced, more or less than one Workflow for one, not done in time. */
export async function upgradeFleet(
  site: Site,
  clusters: readonly LabCluster[],
  upgrade: Upgrade,
): Promise<Cost> {
  await restart(site, upgrade.argo);
  const before = {
    machines: await workersOf(site),
    workflows: await workflows(site),
    requests: await requestsNow(site),
    cpu: await cpuNow(site),
  };
  const begin = performance.now();
  await bumpWorkers(site, clusters, upgrade.version);
  const { seconds, polls, serverRssMiB, machines } = await watch(site, upgrade, begin);
  const requests = await requestsNow(site);
  const cpu = await cpuNow(site);

  mustBeTheSame(before.machines, machines);
  const known = new Set(before.workflows.map(({ name }) => name));
  const started = (await workflows(site)).filter(({ name }) => !known.has(name));
  mustHaveOneEach(machines, started);
  const perMachine = (count: number) => count / machines.length;
  const by = (client: Client) => perMachine(requests.by[client] - before.requests.by[client]);
  return {
    seconds,
    // Without our own looks at it.
    apiRequestsPerMachine: perMachine(requests.all - before.requests.all - polls),
    apiRequestsPerMachineBy: { refit: by('refit'), argo: by('argo'), steps: by('steps') },
    serverRssMiB,
    serverCpuSeconds: cpu.refit - before.cpu.refit,
    cpuSeconds: byProcess((name) => cpu[name] - before.cpu[name]),
  };
}

async function watch(site: Site, { version, limitSeconds, progress }: Upgrade, begin: number) {
  let serverRssMiB = 0;
  for (let polls = 1; ; polls += 1) {
    const machines = await workersOf(site);
    const seconds = (performance.now() - begin) / 1000;
    serverRssMiB = Math.max(serverRssMiB, (await site.lab.usage('refit')).rssMiB);
    const done = machines.filter((machine) => isUpToDate(machine, version)).length;
    progress(done, seconds);
    if (done === machines.length) return { seconds, polls, serverRssMiB, machines };
    const failed = machines.find(({ operation }) => operation?.state === 'failed');
    if (failed) throw new Error(`fleet: Machine ${failed.name} failed: ${failed.operation?.reason}`);
    if (seconds > limitSeconds) {
      const late = machines.find((machine) => !isUpToDate(machine, version));
      throw new Error(
        `fleet: ${done} of ${machines.length} Machines up to date after ${limitSeconds} s; ` +
          `not yet ${late?.name}: ${late?.conditions['Updating']?.message}`,
      );
    }
    await sleep(POLL_MS);
  }
}

/** Both begin with empty hands, and Argo with these settings. */
async function restart({ lab }: Site, argo: ArgoSettings): Promise<void> {
  for (const name of ['argo', 'refit'] as const) await lab.kill(name);
  await lab.start('argo', { argo });
  await lab.start('refit', { policy: POLICY });
}

function mustBeTheSame(before: readonly Machine[], after: readonly Machine[]): void {
  const uids = new Set(before.map(({ uid }) => uid));
  const others = after.filter(({ uid }) => !uids.has(uid));
  if (others.length === 0 && after.length === before.length) return;
  throw new Error(
    `fleet: got ${after.length} Machines of which ${others.length} are new, expected the ${before.length} from before`,
  );
}

function mustHaveOneEach(machines: readonly Machine[], workflows: readonly Workflow[]): void {
  const counts = new Map(machines.map(({ uid }) => [uid, 0]));
  for (const { machineUid } of workflows) counts.set(machineUid, (counts.get(machineUid) ?? 0) + 1);
  const wrong = [...counts].filter(([, count]) => count !== 1);
  if (wrong.length === 0) return;
  throw new Error(
    `fleet: got ${workflows.length} Workflows for ${machines.length} Machines, expected one for each; ` +
      `not so for ${wrong.length}, like uid ${wrong[0]?.join(': ')}`,
  );
}

async function requestsNow({ kubeConfig }: Site): Promise<ApiRequests> {
  const options: RequestOptions = {};
  await kubeConfig.applyToHTTPSOptions(options);
  const port = Number(new URL(kubeConfig.getCurrentCluster()?.server ?? '').port);
  const { status, text } = await call(port, { ...options, agent: false, path: '/metrics' });
  if (status !== 200)
    throw new Error(`kube-apiserver /metrics: got ${status} ${text.slice(0, 200)}, expected 200`);
  return apiRequests(text);
}

async function cpuNow({ lab }: Site): Promise<CpuSeconds> {
  const usages = await Promise.all(WATCHED.map((name) => lab.usage(name)));
  return byProcess((name) => usages[WATCHED.indexOf(name)]?.cpuSeconds ?? NaN);
}

function byProcess(value: (name: Watched) => number): CpuSeconds {
  return Object.fromEntries(WATCHED.map((name) => [name, value(name)])) as CpuSeconds;
}
