import { type ChildProcess, spawn } from 'node:child_process';
import { fstatSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const tailLines = 20;
const probeEveryMs = 100;
/**
 * Argo 4.0.2 writes gigabytes in minutes once its watch of ConfigMaps has ended, as it may after a restart of the API server.
 * A log that has grown so far begins anew.
 */
const MOST_LOG_BYTES = 256 * 2 ** 20;
const logEveryMs = 2000;

/**
 * Some ignore SIGTERM, and all outlive a parent that is killed: whatever ends this process, a shell kills the program by
 * its id (that of the shell, which becomes the program), and removes its folder if one is named.
 */
const UNTIL_STDIN_ENDS = 'exec 3<&0; (read -r _ <&3; kill -9 $$; rm -rf "$0") 2>/dev/null & exec "$@" 3<&-';

export interface DaemonOptions {
  name: string;
  binary: string;
  args: readonly string[];
  logFile: string;
  /** Of this run. */
  mostLogBytes?: number;
  /** Besides our own. */
  environment?: Readonly<Record<string, string>>;
  /** It ends with this process, however that ends. */
  endsWithUs?: { removeFolder?: string };
}

/** A process that runs until it is stopped, with its output in a file. */
export interface Daemon {
  name: string;
  /** Undefined: it could not be started. */
  pid: number | undefined;
  isRunning(): boolean;
  /** How it ended. */
  ended: Promise<string>;
  /** What it has written since it was started. */
  output(): string;
  /** Resolves once `probe` answers true. Errors: which process, why, and the end of its log. */
  ready(probe: () => Promise<boolean>, timeoutSeconds: number): Promise<void>;
  /** At once, without a chance to clean up: its data is thrown away, and a crash is the harder test. */
  stop(): Promise<void>;
}

export function startDaemon(options: DaemonOptions): Daemon {
  const { name, logFile, environment, endsWithUs, mostLogBytes = MOST_LOG_BYTES } = options;
  // Kept open: its folder may be gone when we want to know why it ended.
  const log = openSync(logFile, 'a+', 0o600);
  let from = fstatSync(log).size;
  const [program, ...args] = endsWithUs
    ? ['sh', '-c', UNTIL_STDIN_ENDS, endsWithUs.removeFolder ?? '', options.binary, ...options.args]
    : [options.binary, ...options.args];
  const child = spawn(program, args, {
    env: { ...process.env, ...environment },
    stdio: [endsWithUs ? 'pipe' : 'ignore', log, log],
  });
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`cannot be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(`ended with ${code ?? signal}`));
  });
  const bounded = setInterval(() => {
    if (fstatSync(log).size <= from + mostLogBytes) return;
    ftruncateSync(log, 0);
    from = 0;
  }, logEveryMs).unref();
  void ended.then(() => clearInterval(bounded));
  const output = () => read(log, from);
  return {
    name,
    pid: child.pid,
    isRunning: () => isRunning(child),
    ended,
    output,
    async ready(probe, timeoutSeconds) {
      let why: string | undefined;
      void ended.then((reason) => (why = reason));
      const deadline = performance.now() + timeoutSeconds * 1000;
      while (!(await probe())) {
        if (performance.now() > deadline) why ??= `not ready after ${timeoutSeconds} s`;
        if (why !== undefined) throw new Error(`${name} ${why}; the end of its log:\n${tail(output())}`);
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

function read(file: number, from: number): string {
  const content = Buffer.alloc(Math.max(0, fstatSync(file).size - from));
  return content.toString('utf8', 0, readSync(file, content, 0, content.length, from));
}

function tail(text: string): string {
  return text.trimEnd().split('\n').slice(-tailLines).join('\n');
}
