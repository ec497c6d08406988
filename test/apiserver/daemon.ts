import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const tailLines = 20;
const probeEveryMs = 100;

/** A process that runs until it is stopped, with its output in a file. */
export interface Daemon {
  name: string;
  /** Resolves once `probe` answers true. Errors: which process, why, and the end of its log. */
  ready(probe: () => Promise<boolean>, timeoutSeconds: number): Promise<void>;
  /** At once, without a chance to clean up: its data is thrown away, and a crash is the harder test. */
  stop(): Promise<void>;
}

export function startDaemon(
  name: string,
  binary: string,
  daemonArguments: string[],
  logFile: string,
  /** `pipe`: the end of its stdin tells it that we are gone. */
  stdin: 'ignore' | 'pipe' = 'ignore',
): Daemon {
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(binary, daemonArguments, { stdio: [stdin, log, log] });
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`cannot be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(`ended with ${code ?? signal}`));
  });
  return {
    name,
    async ready(probe, timeoutSeconds) {
      let why: string | undefined;
      void ended.then((reason) => (why = reason));
      const deadline = performance.now() + timeoutSeconds * 1000;
      while (!(await probe())) {
        if (performance.now() > deadline) why ??= `not ready after ${timeoutSeconds} s`;
        if (why !== undefined) throw new Error(`${name} ${why}; the end of its log:\n${tail(logFile)}`);
        await sleep(probeEveryMs);
      }
    },
    async stop() {
      if (isRunning(child)) child.kill('SIGKILL');
      await ended;
    },
  };
}

function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

function tail(file: string): string {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-tailLines).join('\n');
}
