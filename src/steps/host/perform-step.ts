// Performs a step on the machine: look, act, look again; put back what was done when that fails.
import { StatusError } from '../../api/errors.ts';
import type { StepReport } from '../../api/step-result.ts';
import type { Change, NodeStep, StepContext, Work } from '../node/node-step.ts';
import { withDeadline } from './deadline.ts';
import { awaitEffect, type Waiting } from './effect.ts';
import { describeAction, executeAction } from './execute.ts';
import type { Host } from './host.ts';
import { boundedMessage, reasonOf, stackOf, summary } from './messages.ts';
import { restoreStep } from './restore-step.ts';
import { hasUndo, openUndo } from './undo.ts';

interface PerformOptions {
  /** Of the whole step; a restoration comes on top. */
  timeoutSeconds: number;
  /** Aborted: no further action is begun, nothing is restored; the step is to be performed again. */
  signal?: AbortSignal;
  /** Between two looks at the effect. Default 1. */
  pollSeconds?: number;
}

/** One performance of a step, as far as it got. */
interface Attempt {
  work: Work | undefined;
  /** Has an action been begun, now or by an attempt that was killed? */
  begun: boolean;
  changes: Change[];
}

/**
 * The report of the step, also of one that failed. A step that was killed in the middle is performed again: what it did is
 * found in its undo journal. Errors: Unavailable when `prepare` cannot look now, or when the signal aborted; both mean that
 * the step is to be performed again.
 */
export async function performStep(
  step: NodeStep,
  host: Host,
  context: StepContext,
  { timeoutSeconds, signal, pollSeconds = 1 }: PerformOptions,
): Promise<StepReport> {
  const { clock } = host;
  const [startedAt, start] = [clock.now().toISOString(), clock.monotonic()];
  // Begun, until the journal says otherwise.
  const attempt: Attempt = { work: undefined, begun: true, changes: [] };
  const finish = (outcome: StepReport['result']['outcome'], ...parts: string[]): StepReport => {
    const { work, changes } = attempt;
    const message = boundedMessage([...parts, ...(work?.notes ?? []).map((note) => `note: ${note}`)]);
    host.log(`${step.name}: ${outcome}: ${message}`);
    const { operation } = context.plan;
    const durationSeconds = Math.round((clock.monotonic() - start) * 1000) / 1000;
    const result = { step: step.name, operation, outcome, message, startedAt, durationSeconds, changes };
    return { result: { version: 1, ...result }, outputs: { ...work?.outputs } };
  };
  try {
    await act(attempt, step, host, context, { deadline: start + timeoutSeconds, pollSeconds, signal });
    const isChanged = attempt.changes.length > 0 || (attempt.work?.actions ?? []).length > 0;
    return isChanged ? finish('changed', summary(attempt.changes)) : finish('unchanged', 'nothing to do');
  } catch (error) {
    if (signal?.aborted) throw stopped(step);
    if (attempt.work === undefined && isUnavailable(error)) throw error;
    const reason = reasonOf(error);
    host.log(`${step.name}: ${reason}${stackOf(error)}`);
    if (!attempt.begun) return finish('failed', reason, 'nothing was changed');
    const { changes, message } = await restoreStep(step, host, context);
    attempt.changes.push(...changes);
    return finish('failed', reason, message);
  }
}

/** Notes in the attempt how far it got. Throws what the step fails with. */
async function act(
  attempt: Attempt,
  step: NodeStep,
  host: Host,
  context: StepContext,
  waiting: Waiting,
): Promise<void> {
  const { operation } = context.plan;
  const bounded = withDeadline(host, waiting.deadline);
  attempt.begun = await hasUndo(host, operation, step.name);
  const work = await step.prepare(bounded, context);
  attempt.work = work;
  for (const note of work.notes) host.log(`${step.name}: note: ${note}`);
  if (work.refusals.length > 0) throw failed(work.refusals.join('; '));
  const journal = openUndo(host, operation, step.name);
  attempt.changes.push(...(await journal.changes()));
  if (work.actions.length > 0) await journal.begin();
  for (const action of work.actions) {
    if (waiting.signal?.aborted) throw stopped(step);
    const [what, start] = [describeAction(action), host.clock.monotonic()];
    if (start >= waiting.deadline) throw failed(`${what}: not begun, the time of the step is over`);
    attempt.begun = true;
    host.log(what);
    const change = await executeAction(action, bounded, journal);
    if (change) attempt.changes.push(change);
    host.log(`${what}: done in ${(host.clock.monotonic() - start).toFixed(1)} s`);
  }
  const problems = await awaitEffect(step, host, context, waiting);
  if (problems.length > 0) throw failed(problems.join('; '));
}

function stopped(step: NodeStep): StatusError {
  return new StatusError(`${step.name}: stopped, to be performed again`, { reason: 'Unavailable' });
}

function failed(message: string): StatusError {
  return new StatusError(message, { reason: 'Failed' });
}

function isUnavailable(error: unknown): boolean {
  return error instanceof StatusError && error.reason === 'Unavailable';
}
