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

/** {@link awaitNoProblems} of what the step is for. */
export function awaitEffect(
  step: NodeStep,
  host: Host,
  context: StepContext,
  waiting: Waiting,
): Promise<readonly string[]> {
  const look = () => {
    const until = Math.max(waiting.deadline, host.clock.monotonic() + LOOK_SECONDS);
    return step.problems(withDeadline(host, until), context);
  };
  return awaitNoProblems(host, step.name, look, waiting);
}

/**
 * Looks at least once. Gives what is still wrong when the time is over or the signal aborts; nothing: the effect is there.
 * Errors: none but mistakes.
 */
export async function awaitNoProblems(
  host: Host,
  name: string,
  look: () => Promise<readonly string[]>,
  { deadline, pollSeconds, signal }: Waiting,
): Promise<readonly string[]> {
  let told = '';
  for (;;) {
    const problems = await problemsOf(look);
    const left = deadline - host.clock.monotonic();
    if (problems.length === 0 || left <= 0 || signal?.aborted) return problems;
    const text = problems.join('; ');
    if (text !== told) host.log(`${name}: waiting: ${text}`);
    told = text;
    await host.clock.sleep(Math.min(pollSeconds, left), signal);
  }
}

/** What cannot be looked at (a port that nobody listens on yet) is a problem like others. */
export async function problemsOf(look: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof StatusError) return [error.message];
    throw error;
  }
}
