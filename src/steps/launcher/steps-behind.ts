// Steps behind which another one begins: done too, or found under way or done, so that nobody waits for Argo in between.
import { StatusError } from '../../api/errors.ts';
import type { QuietStep } from '../../api/steps.ts';
import type { StepFlags } from '../api/api-step.ts';

/** Of one step: what came of it, also on the node. */
export interface EndBehind {
  message: string;
  isBad: boolean;
  outputs: Readonly<Record<string, string>>;
}

/**
 * Returns when they have ended, with the flags of a step that begins then. Where `stage` leaves no plan the node has nothing
 * to do, and only protection is needed. Errors: those of `perform`; Failed when one did not end well.
 */
export async function stepsBehind(
  flags: StepFlags,
  perform: (step: QuietStep, flags: StepFlags) => Promise<EndBehind>,
): Promise<StepFlags> {
  let { planSha256 } = flags;
  const stage = flags.behind.filter(({ step }) => step === 'stage');
  const others = flags.behind.filter(({ step }) => step !== 'stage');
  // One after the other: they go on by themselves, and are not launched from here unless their own pods are lost.
  for (const { step, flags: own } of [...stage, ...others]) {
    if (stage.length > 0 && planSha256 === '' && step !== 'stage' && step !== 'protect') continue;
    const { outputs } = await endedWell(step, () => perform(step, own));
    if (step === 'stage') planSha256 = outputs['plan-sha256'] ?? '';
  }
  return { ...flags, planSha256, behind: [] };
}

async function endedWell(step: QuietStep, perform: () => Promise<EndBehind>): Promise<EndBehind> {
  const begun = 'not begun: step';
  const end = await perform().catch((error: unknown) => {
    if (!(error instanceof StatusError)) throw error;
    const { message, reason } = error;
    throw new StatusError(`${begun} ${step}: ${message}`, { reason, cause: error });
  });
  if (end.isBad) throw new StatusError(`${begun} ${step}: ${end.message}`, { reason: 'Failed' });
  return end;
}
