// `node test/lab/fleet/main.ts [--machines N] [--argo defaults|recommended]`: part of `npm run bench:lab`. A lab of its
// own, a fleet of workers, and an upgrade of all at once with each of Argo's settings, or with one of them.
import { parseArgs } from 'node:util';
import { apiOf, kubeConfigOf } from '../../apiserver/api.ts';
import { applyTo } from '../../apiserver/apply.ts';
import { runMain } from '../../helpers/run-main.ts';
import type { LabClient } from '../connect.ts';
import { readFigures, writeFigures } from '../figures.ts';
import type { Site } from '../kit/site.ts';
import { launchLab } from '../supervisor/launch.ts';
import { buildLabTools } from '../tools.ts';
import { CLIENTS, tellClientsApart } from './api-requests.ts';
import { createClusters, fleetClusters } from './clusters.ts';
import { type Cost, upgradeFleet, WATCHED } from './upgrade.ts';

const FOLDER = 'out/lab-fleet';
const LIMIT_SECONDS = 3600;
const FROM = 'v1.33.7';
/** One after the other: a minor version cannot be skipped. */
const TO = ['v1.34.3', 'v1.35.1'] as const;
const SETTINGS = ['defaults', 'recommended'] as const;
type Settings = (typeof SETTINGS)[number];

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { machines: { type: 'string', default: '200' }, argo: { type: 'string' } },
  });
  const machines = Number(values.machines);
  const settings = SETTINGS.filter((name) => values.argo === undefined || values.argo === name);
  if (settings.length === 0) throw new Error(`--argo: got ${values.argo}, expected ${SETTINGS.join(' or ')}`);
  if (!(Number.isInteger(machines) && machines > 0)) {
    throw new Error(`--machines: got ${values.machines}, expected a number above 0`);
  }
  await buildLabTools();
  const lab = await launchLab({ folder: FOLDER, argo: 'defaults', stays: false, log });
  try {
    print(machines, await measure(lab, machines, settings));
  } finally {
    await lab.stop();
  }
  return 0;
}

async function measure(lab: LabClient, machines: number, settings: readonly Settings[]) {
  const kubeConfig = kubeConfigOf(lab.kubeconfigPath);
  const api = apiOf(kubeConfig);
  const site: Site = { lab, kubeConfig, api, namespace: lab.namespace, leave: () => Promise.resolve() };
  await tellClientsApart(applyTo(api), site.namespace);
  const clusters = fleetClusters(machines, FROM);
  const begin = performance.now();
  await createClusters(site, clusters, LIMIT_SECONDS);
  const seconds = Math.round((performance.now() - begin) / 1000);
  log(`${machines} workers of ${clusters.length} Clusters made in ${seconds} s`);

  const costs: [Settings, Cost][] = [];
  for (const [index, argo] of settings.entries()) {
    const version = TO[index] ?? TO[0];
    const progress = tenths(machines, (done, after) =>
      log(`${argo}: ${done} at ${version} after ${after} s`),
    );
    const cost = await upgradeFleet(site, clusters, { argo, version, limitSeconds: LIMIT_SECONDS, progress });
    costs.push([argo, cost]);
    // At once: the other one may take long, and fail.
    keep(machines, argo, cost);
  }
  return costs;
}

/** The costs of those who follow our advice; those of the defaults beside them. */
function keep(machines: number, argo: Settings, cost: Cost): void {
  const { seconds, apiRequestsPerMachine, serverRssMiB, serverCpuSeconds } = cost;
  const own = { machines, seconds, apiRequestsPerMachine, serverRssMiB, serverCpuSeconds };
  writeFigures({
    fleet: { ...readFigures().fleet, ...(argo === 'recommended' ? own : {}), [argo]: { machines, ...cost } },
  });
}

/** Tells ten times, not each time. */
function tenths(machines: number, tell: (done: number, seconds: number) => void) {
  let told = 0;
  return (done: number, seconds: number) => {
    if (done < told + machines / 10 && done < machines) return;
    told = done;
    tell(done, Math.round(seconds));
  };
}

function print(machines: number, costs: readonly [Settings, Cost][]): void {
  const rows: [string, (cost: Cost) => number][] = [
    ['seconds until all are up to date', ({ seconds }) => seconds],
    ['API requests per Machine', ({ apiRequestsPerMachine }) => apiRequestsPerMachine],
    ...CLIENTS.map((client): [string, (cost: Cost) => number] => [
      `  of ${client}`,
      ({ apiRequestsPerMachineBy }) => apiRequestsPerMachineBy[client],
    ]),
    ['server, highest RSS in MiB', ({ serverRssMiB }) => serverRssMiB],
    ['server, CPU seconds', ({ serverCpuSeconds }) => serverCpuSeconds],
    ...WATCHED.map((name): [string, (cost: Cost) => number] => [
      `  CPU seconds of ${name}`,
      ({ cpuSeconds }) => cpuSeconds[name],
    ]),
  ];
  const line = (what: string, ...values: string[]) =>
    [what.padEnd(36), ...values.map((value) => value.padStart(12))].join('');
  const names = costs.map(([argo]) => argo);
  process.stdout.write(`${line(`${machines} workers at once, Argo with:`, ...names)}\n`);
  for (const [what, value] of rows) {
    const values = costs.map(([, cost]) => value(cost).toFixed(1));
    process.stdout.write(`${line(what, ...values)}\n`);
  }
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

await runMain(main);
