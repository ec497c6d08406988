// Takes back what a step did: after a failure, by the watchdog, by a rollback.
import type { Change, NodeStep, StepContext } from '../node/node-step.ts';
import type { Argv, Host } from './host.ts';
import { commandLine, lastLines } from './output.ts';
import { reasonOf } from './messages.ts';
import { restore } from './undo.ts';

/** Restarts wait for a service to stop: 90 s in systemd, and as long again to start. */
const COMMAND_SECONDS = 240;

export interface StepRestoration {
  /** left: the step can only be done again. incomplete: something could not be put back, the message says what. */
  outcome: 'restored' | 'left' | 'incomplete';
  changes: Change[];
  /** For people. */
  message: string;
}

/**
 * Puts the files of the step back, then makes that effective as the step says. Goes on after what fails: the more is as it
 * was, the better. May be cut at any point and repeated. Never throws.
 */
export async function restoreStep(
  step: NodeStep,
  host: Host,
  context: StepContext,
): Promise<StepRestoration> {
  const changes: Change[] = [];
  const problems: string[] = [];
  const ran: string[] = [];
  try {
    const commands = (await step.restoration?.(host, context)) ?? [];
    if (commands === 'forward') {
      return { outcome: 'left', changes, message: 'left as it is: it can only be done again' };
    }
    host.log(`${step.name}: restoring`);
    const restored = await restore(host, context.plan.operation, step.name);
    changes.push(...restored.changes);
    problems.push(...restored.problems);
    for (const argv of commands) {
      const problem = await attempt(argv, host);
      if (problem === undefined) ran.push(commandLine(argv));
      else problems.push(problem);
    }
  } catch (error) {
    problems.push(reasonOf(error));
  }
  const done = [...new Set(changes.map(({ what }) => what)), ...ran].join(', ');
  if (problems.length === 0) {
    return {
      outcome: 'restored',
      changes,
      message: done === '' ? 'nothing to restore' : `restored: ${done}`,
    };
  }
  const message = `not restored: ${problems.join('; ')}${done === '' ? '' : `; restored: ${done}`}`;
  return { outcome: 'incomplete', changes, message };
}

/** Why it failed. */
async function attempt(argv: Argv, host: Host): Promise<string | undefined> {
  host.log(`run ${commandLine(argv)}`);
  try {
    const { code, stdout, stderr } = await host.run(argv, { timeoutSeconds: COMMAND_SECONDS });
    if (code === 0) return undefined;
    return `${commandLine(argv)}: exit code: got ${code}, expected 0: ${lastLines(stderr || stdout, 200)}`;
  } catch (error) {
    return reasonOf(error);
  }
}
