// Each step of the flip group has a watchdog: a timer that fires unless the step ends first.
import { FLIP_STEPS, type FlipStep } from '../../api/steps.ts';
import { begunFile, readBegun, writeRecord } from './records.ts';
import type { Site } from './site.ts';
import { isWorking, withTimer } from './systemd.ts';
import { timerOf, watchdogUnit } from './units.ts';

/** After so many turns a healthy step is given up too: turns 0, 1, 2, 3. */
export const LAST_TURN = 3;

export interface Watched {
  operation: string;
  step: FlipStep;
}

/** Fires so many seconds from now; one of this turn that waits already is left. The step counts as begun from here on. */
export async function armWatchdog(
  { host, systemd, program }: Site,
  { operation, step }: Watched,
  turn: number,
  seconds: number,
): Promise<void> {
  const now = host.clock.now();
  const startedAt = (await readBegun(host, operation, step))?.startedAt ?? now.toISOString();
  const watchdogAt = new Date(now.getTime() + seconds * 1000).toISOString();
  await writeRecord(host, begunFile(operation, step), { startedAt, watchdogAt });
  const service = watchdogUnit(operation, step, turn);
  if ((await systemd.states([timerOf(service)])).some(isWorking)) return;
  const which = [`--operation=${operation}`, `--step=${step}`, `--turn=${turn}`];
  await systemd.startTimer(service, [...program, 'host', 'watchdog', ...which], seconds);
}

export async function isArmed({ systemd }: Site, watched: Watched): Promise<boolean> {
  return (await systemd.states(unitsOf(watched))).some(isWorking);
}

export async function disarmWatchdog({ systemd }: Site, watched: Watched): Promise<void> {
  await systemd.stop(unitsOf(watched));
}

/** Those of steps that were stopped or given up. */
export async function disarmAll({ systemd }: Site, operation: string): Promise<void> {
  await systemd.stop(FLIP_STEPS.flatMap((step) => unitsOf({ operation, step })));
}

function unitsOf({ operation, step }: Watched): string[] {
  const turns = Array.from({ length: LAST_TURN + 1 }, (_, turn) => turn);
  return turns.flatMap((turn) => withTimer(watchdogUnit(operation, step, turn)));
}
