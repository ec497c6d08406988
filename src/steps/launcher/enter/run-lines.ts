import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export interface RunLinesOptions {
  stdin?: string;
  /** Of both streams, as they come. */
  onLine: (line: string) => void;
  /** Ends it with SIGTERM, and does not wait. */
  signal: AbortSignal;
}

/** Nothing of the container's environment reaches the host. */
const ENVIRONMENT = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };

/**
 * The exit code; undefined when a signal ended it, or when we were told to stop: what it started on the host may go on and
 * keep its streams open. Errors: when it cannot be started.
 */
export async function runLines(
  [program = '', ...args]: readonly string[],
  { stdin, onLine, signal }: RunLinesOptions,
): Promise<number | undefined> {
  const child = spawn(program, args, { env: ENVIRONMENT, stdio: 'pipe', signal, killSignal: 'SIGTERM' });
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', onLine);
  // It may end before it has read everything.
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin ?? '');
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      if (!signal.aborted) return reject(error);
      for (const stream of child.stdio) stream?.destroy();
      child.unref();
      resolve(undefined);
    });
    child.once('close', (code) => resolve(code ?? undefined));
  });
}
