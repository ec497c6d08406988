// Does one action of a step.
import { StatusError } from '../../api/errors.ts';
import type { Action, Change } from '../node/node-step.ts';
import type { Host, RunOptions } from './host.ts';
import { commandLine, lastLines } from './output.ts';
import type { UndoJournal } from './undo.ts';
import { sha256Of } from './sha256.ts';

const BINARY = { mode: 0o755, owner: 'root:root' };
const MAX_OUTPUT = 400;

/**
 * What changed by it; undefined when nothing did, or the action names nothing. Files that `install`, `write` and `remove`
 * change go into the journal first; what `run` and `work` do can only be undone by the step itself.
 * Errors: StatusError Failed, or whatever `work` throws.
 */
export async function executeAction(
  action: Action,
  host: Host,
  journal: UndoJournal,
): Promise<Change | undefined> {
  switch (action.do) {
    case 'install': {
      const { from, to, sha256, change } = action;
      await journal.save(to, change);
      await host.files.copy(from, to, { ...BINARY, sha256 });
      return { ...change, sha256 };
    }
    case 'write': {
      const { path, content, mode, owner, change } = action;
      await journal.save(path, change);
      await host.files.write(path, content, { mode, ...(owner === undefined ? {} : { owner }) });
      return { ...change, sha256: sha256Of(content) };
    }
    case 'remove':
      return remove(action, host, journal);
    case 'run':
      await run(action, host);
      return action.change;
    case 'work':
      await action.perform(host);
      return action.change;
  }
}

/** For people: what is being done. */
export function describeAction(action: Action): string {
  switch (action.do) {
    case 'install':
      return `install ${action.to}${action.change.to === undefined ? '' : ` (${action.change.to})`}`;
    case 'write':
    case 'remove':
      return `${action.do} ${action.path}`;
    case 'run':
      return `run ${commandLine(action.argv)}`;
    case 'work':
      return action.what;
  }
}

/** Files only: the journal keeps nothing else, and what it does not keep is not removed. */
async function remove(
  { path, change }: Extract<Action, { do: 'remove' }>,
  host: Host,
  journal: UndoJournal,
): Promise<Change | undefined> {
  const status = await host.files.status(path);
  if (status === undefined) return undefined;
  if (status.kind !== 'file') {
    throw new StatusError(`${path}: got a ${status.kind}, expected a file: not removed`, {
      reason: 'Failed',
    });
  }
  await journal.save(path, change);
  await host.files.remove(path);
  return change;
}

async function run({ argv, timeoutSeconds, env }: Extract<Action, { do: 'run' }>, host: Host): Promise<void> {
  const options: RunOptions = {
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(env === undefined ? {} : { env }),
    onLine: (line) => host.log(`  ${line}`),
  };
  const { code, stdout, stderr } = await host.run(argv, options);
  if (code === 0) return;
  const last = lastLines(stderr.trim() === '' ? stdout : stderr, MAX_OUTPUT);
  const message = `${commandLine(argv)}: exit code: got ${code}, expected 0`;
  throw new StatusError(last === '' ? message : `${message}: ${last}`, { reason: 'Failed' });
}
