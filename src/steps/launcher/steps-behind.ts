// Steps behind which another one begins: done too, or found under way or done, so that nobody waits for Argo in between.
import type { StepCommand } from '../../api/commands.ts';
import { StatusError } from '../../api/errors.ts';
import { DRAIN_NEEDS, drainedFirst, waitingAsNeeded } from '../../api/host-plan.ts';
import { NOT_BEGUN } from '../../api/step-result.ts';
import { FLIP_STEPS, STEPS_WITHOUT_WORK, type QuietStep } from '../../api/steps.ts';
import type { StepFlags } from '../api/api-step.ts';

type Outputs = Readonly<Record<string, string>>;

/** Of one step: what came of it, also on the node. */
export interface EndBehind {
  message: string;
  isBad: boolean;
  outputs: Outputs;
}

/** Their launches tell the node which step waits for its drain. */
const KNOW_DRAIN: readonly StepCommand[] = ['stage', 'drain', ...FLIP_STEPS];

/**
 * Returns when they have ended, with the flags of a step that begins then; undefined: `preflight` found nothing that it
 * would be for. Where `stage` leaves no plan the node has nothing to do, and only protection is needed. Errors: those of
 * `perform`; Failed when one did not end well.
 */
export async function stepsBehind(
  command: StepCommand,
  flags: StepFlags,
  perform: (step: QuietStep, flags: StepFlags) => Promise<EndBehind>,
): Promise<StepFlags | undefined> {
  const [preflight] = take('preflight', flags);
  const found = preflight && (await endedWell('preflight', () => perform('preflight', preflight)));
  if (found && found.outputs['work'] !== 'true' && !STEPS_WITHOUT_WORK.includes(command)) return undefined;
  const asFound = (step: StepCommand, own: StepFlags): StepFlags =>
    asPreflightSays(step, own, found?.outputs);

  let { planSha256 } = flags;
  const [stage] = take('stage', flags);
  if (stage) {
    const { outputs } = await endedWell('stage', () => perform('stage', asFound('stage', stage)));
    planSha256 = outputs['plan-sha256'] ?? '';
  }
  // One after the other: they go on by themselves, and are not launched from here unless their own pods are lost.
  for (const { step, flags: own } of flags.behind) {
    if (step === 'preflight' || step === 'stage') continue;
    if (stage && planSha256 === '' && step !== 'protect') continue;
    await endedWell(step, () => perform(step, asFound(step, own)));
  }
  return { ...asFound(command, flags), planSha256, behind: [] };
}

function take(name: QuietStep, { behind }: StepFlags): StepFlags[] {
  return behind.filter(({ step }) => step === name).map(({ flags }) => flags);
}

/** It makes another plan of the list: every step that knows the plan is told the same. */
function asPreflightSays(step: StepCommand, flags: StepFlags, outputs: Outputs | undefined): StepFlags {
  if (!outputs || !KNOW_DRAIN.includes(step)) return flags;
  // Not understood: drained.
  const needed = DRAIN_NEEDS.find((need) => need === outputs['drain']) ?? 'true';
  const steps = outputs['drain-first'] === 'true' ? drainedFirst(flags.steps) : flags.steps;
  return { ...flags, steps: waitingAsNeeded(steps, needed), needed };
}

async function endedWell(step: QuietStep, perform: () => Promise<EndBehind>): Promise<EndBehind> {
  const end = await perform().catch((error: unknown) => {
    if (!(error instanceof StatusError)) throw error;
    const { message, reason } = error;
    throw new StatusError(`${NOT_BEGUN}${step}: ${message}`, { reason, cause: error });
  });
  if (end.isBad) throw new StatusError(`${NOT_BEGUN}${step}: ${end.message}`, { reason: 'Failed' });
  return end;
}
