// `npm run bench`: figures of one run on this machine, as a table and as out/bench.json. Goals are for two cores.
import { mkdirSync, writeFileSync } from 'node:fs';
import { measureCanUpdate } from './can-update.ts';
import { measurePlans, measureSynth } from './in-process.ts';
import { measurePolls } from './polls.ts';

interface Figure {
  key: string;
  what: string;
  value: number;
  /** The goal is below (or, for a rate, above) this. */
  goal: string;
}

const started = performance.now();
const figures: Figure[] = [];
const add = (key: string, what: string, value: number, goal: string): void => {
  figures.push({ key, what, value: Math.round(value * 100) / 100, goal });
  process.stderr.write(`${key}: ${value.toFixed(2)}\n`);
};

add('synthMs', 'whole install synthesized, first time in a process', measureSynth(), '< 50');
add('plansPerSecond', 'plan + Workflow of an UpdateMachine request', measurePlans(), '> 2000');
const canUpdate = await measureCanUpdate();
add('listenMs', 'process start to listening', canUpdate.listenMs, '< 1000');
add('canUpdateP99Ms', `CanUpdateMachine, ${canUpdate.bodyKiB} KiB, 200 requests/s`, canUpdate.p99Ms, '< 10');
add(
  'bareHttpsP99Ms',
  'the same bodies to a bare HTTPS server: the floor of this machine',
  canUpdate.bareP99Ms,
  '-',
);
const polls = await measurePolls();
add(
  'pollP99Ms',
  `UpdateMachine poll, ${polls.operations} operations in flight, 200 requests/s`,
  polls.p99Ms,
  '< 5',
);
add('pollApiCalls', `calls to the API server during ${polls.polls} polls`, polls.apiCalls, '0');
add('rssMiB', `resident memory of the server with ${polls.operations} operations`, polls.rssMiB, '< 200');

const width = Math.max(...figures.map(({ what }) => what.length));
for (const { key, what, value, goal } of figures) {
  process.stdout.write(
    `${key.padEnd(16)} ${what.padEnd(width)} ${String(value).padStart(10)}   goal ${goal}\n`,
  );
}
process.stdout.write(
  `p99: median of five windows; took ${Math.round((performance.now() - started) / 1000)} s\n`,
);
mkdirSync('out', { recursive: true });
writeFileSync(
  'out/bench.json',
  `${JSON.stringify(Object.fromEntries(figures.map(({ key, value }) => [key, value])), null, 2)}\n`,
);
