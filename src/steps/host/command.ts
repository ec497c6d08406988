// Runs programs of the machine: argv arrays, never a shell.
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { constants } from 'node:os';
import type { Clock } from '../../api/clock.ts';
import { StatusError } from '../../api/errors.ts';
import { systemError } from './file-errors.ts';
import type { Argv, CommandResult, RunOptions } from './host.ts';
import { commandLine, keepEnd, lastLines, splitLines } from './output.ts';

export const DEFAULT_COMMAND_SECONDS = 60;
const MAX_OUTPUT_BYTES = 1024 * 1024;
const KILL_AFTER_SECONDS = 10;
/** How long what a command left running may keep its output open. */
const LINGER_SECONDS = 2;

/** As Host.run. `path` is the PATH in which the program is looked for and which it gets. */
export async function runCommand(
  argv: Argv,
  options: RunOptions,
  { clock, path }: { clock: Clock; path: string },
): Promise<CommandResult> {
  const { timeoutSeconds = DEFAULT_COMMAND_SECONDS, env = {}, stdin = '', onLine } = options;
  const [program, ...args] = argv;
  try {
    // A process group of its own, so that its children end with it.
    const child = spawn(program, args, { cwd: '/', detached: true, env: { PATH: path, LANG: 'C', ...env } });
    const output = collect(child, onLine ?? (() => undefined));
    // It may end without reading all of it.
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
    const { code, tookTooLong } = await ending(child, timeoutSeconds, clock);
    const result = { code, ...output() };
    if (!tookTooLong) return result;
    const last = lastLines(result.stderr || result.stdout, 300);
    const message = `${commandLine(argv)}: not done after ${Math.round(timeoutSeconds)} s, stopped`;
    throw new StatusError(`${message}${last === '' ? '' : `; its last words: ${last}`}`, {
      reason: 'Failed',
    });
  } catch (error) {
    if (error instanceof StatusError) throw error;
    const message = `${program}: cannot be started: ${systemError(error)}`;
    throw new StatusError(message, { reason: 'Failed', cause: error });
  }
}

/** Gives what was printed, once it is all there. */
function collect(
  child: ChildProcessWithoutNullStreams,
  onLine: (line: string) => void,
): () => Pick<CommandResult, 'stdout' | 'stderr'> {
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
    const [kept, lines] = [keepEnd(MAX_OUTPUT_BYTES), splitLines(onLine)];
    stream.on('data', (chunk: Buffer) => {
      kept.push(chunk);
      lines.push(chunk);
    });
    stream.on('close', () => lines.finish());
    return kept;
  });
  return () => ({ stdout: stdout?.text() ?? '', stderr: stderr?.text() ?? '' });
}

/** Resolves when the command has ended and its output is closed. Rejects when it never began. */
function ending(
  child: ChildProcessWithoutNullStreams,
  timeoutSeconds: number,
  clock: Clock,
): Promise<{ code: number; tookTooLong: boolean }> {
  const [exited, closed] = [new AbortController(), new AbortController()];
  let tookTooLong = false;
  const letGo = async (): Promise<void> => {
    await clock.sleep(LINGER_SECONDS, closed.signal);
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const stop = async (): Promise<void> => {
    tookTooLong = true;
    signalGroup(child, 'SIGTERM');
    await clock.sleep(KILL_AFTER_SECONDS, closed.signal);
    // Also when the command itself is gone: children that printed nothing may not be.
    signalGroup(child, 'SIGKILL');
    await letGo();
  };
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      exited.abort();
      reject(error);
    });
    child.on('exit', () => {
      exited.abort();
      if (!tookTooLong) void letGo();
    });
    child.on('close', (code, signal) => {
      closed.abort();
      resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), tookTooLong });
    });
    void clock.sleep(timeoutSeconds, exited.signal).then(() => {
      if (!exited.signal.aborted) void stop();
    });
  });
}

function signalGroup({ pid }: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // All of them have ended.
  }
}
