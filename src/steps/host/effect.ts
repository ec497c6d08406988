// Waits until what a step is for can be seen.
import { StatusError } from '../../api/errors.ts';
import type { NodeStep, StepContext } from '../node/node-step.ts';
import { withDeadline } from './deadline.ts';
import type { Host } from './host.ts';

/** One look may take that long even when the step's time is over. */
const LOOK_SECONDS = 10;

export interface Waiting {
  /** Clock.monotonic. */
  deadline: number;
  pollSeconds: number;
  signal: AbortSignal | undefined;
}

/**
 * Looks at least once. Gives what is still wrong when the time is over or the signal aborts; nothing: the effect is there.
 * What cannot be looked at (a port that nobody listens on yet) is a problem like others.
 */
export async function awaitEffect(
  step: NodeStep,
  host: Host,
  context: StepContext,
  { deadline, pollSeconds, signal }: Waiting,
): Promise<readonly string[]> {
  let told = '';
  for (;;) {
    const now = host.clock.monotonic();
    const problems = await look(step, withDeadline(host, Math.max(deadline, now + LOOK_SECONDS)), context);
    const left = deadline - host.clock.monotonic();
    if (problems.length === 0 || left <= 0 || signal?.aborted) return problems;
    const text = problems.join('; ');
    if (text !== told) host.log(`${step.name}: waiting: ${text}`);
    told = text;
    await host.clock.sleep(Math.min(pollSeconds, left), signal);
  }
}

async function look(step: NodeStep, host: Host, context: StepContext): Promise<readonly string[]> {
  try {
    return await step.problems(host, context);
  } catch (error) {
    if (error instanceof StatusError) return [error.message];
    throw error;
  }
}
