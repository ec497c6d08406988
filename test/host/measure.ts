// `npm run bench:host`: what the node's side costs, on a machine with a real systemd. Prints, and writes out/host.json.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { COMPONENTS_FILE, componentsSchema } from '../../src/api/components.ts';
import type { StepReport, StepResult } from '../../src/api/step-result.ts';
import { FLIP_STEPS } from '../../src/api/steps.ts';
import { until } from './until.ts';
import { createWorker, reportIn, type Order, type Worker } from './worker.ts';

const ROUNDS = 5;

const worker = await createWorker();
try {
  const figures = { ...(await flip(worker)), ...(await overhead(worker)) };
  mkdirSync('out', { recursive: true });
  writeFileSync('out/host.json', `${JSON.stringify(figures, undefined, 2)}\n`);
  process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
} finally {
  await worker.remove();
}

/** Between two steps of the flip group; memory of the program that does them; bytes that came to the host. */
async function flip(machine: Worker) {
  const { root, releases } = machine;
  const run = (argv: readonly string[]) => machine.run(argv);
  const step = (order: Order) => machine.step(order);
  writeFileSync(path.join(root, 'etc/standin/kubeadm-seconds'), '3');
  const staged = await step({ step: 'stage' });
  const planSha256 = staged.report?.outputs['plan-sha256'];
  const [first, ...others] = FLIP_STEPS;
  const handOver = first && (await step({ step: first, planSha256 }));
  const all = Promise.all(others.map((name) => step({ step: name, planSha256 })));
  await until(() => run(['pgrep', '-f', 'kubeadm upgrade node']).code === 0);
  const pid = run([
    'systemctl',
    'show',
    '--value',
    '-p',
    'MainPID',
    'refit-refit-edge-1-0badcafe-1',
  ]).stdout.trim();
  const status = run(['cat', `/proc/${pid}/status`]).stdout;
  const results = [handOver, ...(await all)].flatMap((each) => (each?.report ? [each.report.result] : []));
  const gaps = results.slice(1).map((next, index) => gap(results[index], next));
  const manifest: unknown = JSON.parse(readFileSync(path.join(releases, 'r2', COMPONENTS_FILE), 'utf8'));
  const components = componentsSchema.parse(manifest).files.reduce((sum, file) => sum + file.size, 0);
  return {
    secondsBetweenFlipSteps: round(Math.max(...gaps)),
    programRssMiB: Math.round(Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024),
    programBytes: ['node', 'refit.js'].reduce((sum, name) => sum + sizeIn(run, name), 0),
    componentBytes: components,
  };
}

/** From the start of the container's program to the step's first look, and from its end to the report; program there. */
async function overhead(machine: Worker) {
  const before: number[] = [];
  const after: number[] = [];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const operation = `refit-edge-1-0badcafe-${round + 10}`;
    const startedAt = Date.now();
    const running = machine.enter({ step: 'stage', operation, planSha256: '' });
    await running.ended;
    const endedAt = Date.now();
    const report = reportIn(
      machine.run(['cat', '/dev/termination-log']).stdout.replace(/^/, 'refit-report '),
    );
    // The first round copies the program.
    if (!report || round === 0) continue;
    before.push((Date.parse(report.result.startedAt) - startedAt) / 1000);
    after.push((endedAt - ended(report)) / 1000);
  }
  return { launchSeconds: median(before), reportSeconds: median(after) };
}

function gap(previous: StepResult | undefined, next: StepResult): number {
  const end = previous ? Date.parse(previous.startedAt) / 1000 + previous.durationSeconds : 0;
  return Date.parse(next.startedAt) / 1000 - end;
}

function ended({ result }: StepReport): number {
  return Date.parse(result.startedAt) + result.durationSeconds * 1000;
}

function sizeIn(run: Worker['run'], name: string): number {
  return Number(run(['stat', '-c', '%s', `/opt/refit/program/${name}`]).stdout);
}

function median(values: number[]): number {
  return round(values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN);
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
