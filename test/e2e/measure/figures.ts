// out/e2e.json: what upgrades of real nodes cost, a list with one row for each that was measured.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { failures, failuresRetried, outageSeconds, secondsTrue } from './gaps.ts';
import type { Observations } from './watch.ts';

const FILE = fileURLToPath(new URL('../../../out/e2e.json', import.meta.url));

export const MEASURES = [
  'refit-control-plane',
  'refit-worker',
  'flip-control-plane',
  'flip-back',
  'flip-taken-back',
  'flip-ha',
  'flip-vip',
  'plain-control-plane',
  'plain-worker',
] as const;

export interface Measure {
  name: (typeof MEASURES)[number];
  /** From the request until it is told that it is done. */
  totalSeconds: number;
  /** From the first command on the host to its last result. */
  hostSeconds: number;
  /** Of those, the list of the node; of a control plane with its drain, for which the list waits in its middle. */
  flipSeconds: number;
  /** Sum of all gaps. */
  apiOutageSeconds: number;
  cordonedSeconds: number;
  httpFailures: number;
  /** Through the API server, five a second: a write and a read; those that failed; and after trying again for 2 s. */
  writes: number;
  failedWrites: number;
  failedWritesRetried: number;
  /** Of containers of ordinary pods. */
  podRestarts: number;
  /** The work itself, without waiting for it to begin. */
  steps: Record<string, number>;
}

/** Of a patient client. */
const RETRY_SECONDS = 2;

/** What the process that watches saw, as figures. Pure. */
export function seenFigures({ api, cordoned, http, writes }: Observations) {
  return {
    apiOutageSeconds: outageSeconds(api),
    cordonedSeconds: secondsTrue(cordoned),
    httpFailures: failures(http),
    writes: writes.length,
    failedWrites: failures(writes),
    failedWritesRetried: failuresRetried(writes, RETRY_SECONDS),
  };
}

/** Rows of another run are nothing to compare with. */
export function forgetMeasures(): void {
  rmSync(FILE, { force: true });
}

export function readMeasures(): Measure[] {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Measure[]) : [];
}

/** Keeps rows of other names. */
export function writeMeasure(measure: Measure): void {
  mkdirSync(path.dirname(FILE), { recursive: true });
  writeFileSync(`${FILE}.next`, `${JSON.stringify(withMeasure(readMeasures(), measure), undefined, 2)}\n`);
  renameSync(`${FILE}.next`, FILE);
}

/** The earlier row of the same name goes; seconds with two decimals. Pure. */
export function withMeasure(known: readonly Measure[], measure: Measure): Measure[] {
  const rounded = JSON.parse(
    JSON.stringify(measure, (_, value: unknown) =>
      typeof value === 'number' ? Math.round(value * 100) / 100 : value,
    ),
  ) as Measure;
  const others = known.filter(({ name }) => name !== measure.name);
  return [...others, rounded].sort((a, b) => MEASURES.indexOf(a.name) - MEASURES.indexOf(b.name));
}
