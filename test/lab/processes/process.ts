// One process of the lab: it can be killed and started again.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type Daemon, startDaemon } from '../../apiserver/daemon.ts';
import type { Usage } from './names.ts';

export interface ProcessSpec {
  binary: string;
  args: readonly string[];
  environment?: Readonly<Record<string, string>>;
  isReady: (daemon: Daemon) => Promise<boolean>;
}

export interface LabProcess {
  /** Resolves when it is ready, at once if it runs. Errors: why not, with the end of its log. */
  start(prepare: () => Promise<ProcessSpec>): Promise<void>;
  kill(): Promise<void>;
  /** Undefined: it does not run. */
  pid(): number | undefined;
}

const READY_SECONDS = 90;

/** `died`: it ended, and nobody had killed it. */
export function labProcess(name: string, logs: string, died: (how: string) => void): LabProcess {
  let daemon: Daemon | undefined;
  let starting: Promise<void> | undefined;

  async function startNow(prepare: () => Promise<ProcessSpec>): Promise<void> {
    const { binary, args, environment = {}, isReady } = await prepare();
    const logFile = path.join(logs, `${name}.log`);
    const current = startDaemon({ name, binary, args, logFile, environment, endsWithUs: {} });
    daemon = current;
    void current.ended.then((how) => daemon === current && died(how));
    try {
      await current.ready(() => isReady(current), READY_SECONDS);
    } catch (error) {
      await stop(current);
      throw error;
    }
  }

  async function stop(current: Daemon | undefined): Promise<void> {
    if (daemon === current) daemon = undefined;
    await current?.stop();
  }

  return {
    async start(prepare) {
      if (!starting && daemon?.isRunning()) return;
      starting ??= startNow(prepare).finally(() => (starting = undefined));
      await starting;
    },
    kill: () => stop(daemon),
    pid: () => (daemon?.isRunning() ? daemon.pid : undefined),
  };
}

/** What Linux counts in for user space, whatever the kernel's own tick is. */
const TICKS_PER_SECOND = 100;

export function usageOf(pid: number): Usage {
  const rssKiB = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  // After the name, which may hold anything: state is the third field, utime and stime are the 14th and 15th.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { rssMiB: Number(rssKiB) / 1024, cpuSeconds: ticks / TICKS_PER_SECOND };
}
