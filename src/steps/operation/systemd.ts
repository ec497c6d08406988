// What Refit asks of the host's systemd. Nothing else runs systemctl, systemd-run or systemd-cat for units of ours.
import { spawn } from 'node:child_process';
import { StatusError } from '../../api/errors.ts';
import type { Argv, CommandResult, Host } from '../host/host.ts';
import { timerOf } from './units.ts';

export interface UnitState {
  /** False: systemd knows no such unit. */
  loaded: boolean;
  /** ActiveState: active, activating (also: waiting for its restart), deactivating, inactive, failed, ... */
  active: string;
}

/** A place for lines; writing never fails and never waits. */
export interface LineSink {
  write(line: string): void;
  end(): Promise<void>;
}

/** Errors of all but `journal`: StatusError Failed with what the command said. */
export interface Systemd {
  /** One per unit, in their order. */
  states(units: readonly string[]): Promise<readonly UnitState[]>;
  /** Stopped by systemd after so many seconds. One of the same command that has ended may be there. */
  startTransient(unit: string, argv: Argv, seconds: number): Promise<void>;
  /** Reads the unit files again. */
  reload(): Promise<void>;
  enable(unit: string): Promise<void>;
  disable(unit: string): Promise<void>;
  /** Whatever its start limit says. */
  start(unit: string): Promise<void>;
  /** Stops it if it runs, starts it in any case: one job, which does not need the caller to live on. */
  restart(unit: string): Promise<void>;
  /** Units that are not there count as stopped. */
  stop(units: readonly string[]): Promise<void>;
  /** Runs a transient service once, so many seconds from now; survives everything but a reboot. */
  startTimer(service: string, argv: Argv, seconds: number): Promise<void>;
  /** The journal under an identifier of its own. */
  journal(identifier: string): LineSink;
}

/** systemctl's exit code for units that are not loaded. */
const NOT_LOADED = 5;
/** A stop waits for TimeoutStopSec of the unit. */
const STOP_SECONDS = 180;

export function createSystemd(host: Host): Systemd {
  async function run(
    argv: Argv,
    allowed: readonly number[] = [],
    timeoutSeconds = 60,
  ): Promise<CommandResult> {
    const result = await host.run(argv, { timeoutSeconds });
    if (result.code === 0 || allowed.includes(result.code)) return result;
    const said = result.stderr.trim() || result.stdout.trim();
    throw new StatusError(`${argv.slice(0, 3).join(' ')}: exit code ${result.code}: ${said}`, {
      reason: 'Failed',
    });
  }
  async function states(units: readonly string[]): Promise<readonly UnitState[]> {
    const { stdout } = await run(['systemctl', 'show', '--property=LoadState,ActiveState', ...units]);
    const blocks = stdout.trim().split(/\n\n+/);
    return units.map((_unit, index) => readState(blocks[index] ?? ''));
  }
  /** A unit that failed too often must be forgiven first; one that is not loaded has nothing to forgive. */
  const forgive = (unit: string): Promise<CommandResult> =>
    run(['systemctl', 'reset-failed', unit], [1, NOT_LOADED]);

  /**
   * A transient unit that has ended keeps its name until systemd unloads it: in a moment, or never if a process of it
   * cannot be killed. False: it works, or it is not there, or not any more.
   */
  async function startAgain(unit: string): Promise<boolean> {
    const [state] = await states([unit]);
    if (!state?.loaded || isWorking(state)) return false;
    await forgive(unit);
    return (await run(['systemctl', 'start', unit], [1, NOT_LOADED])).code === 0;
  }

  return {
    states,
    startTransient: async (unit, argv, seconds) => {
      if (await startAgain(unit)) return;
      const properties = ['Type=exec', 'KillMode=mixed', 'SyslogIdentifier=refit'];
      const set = [...properties, `RuntimeMaxSec=${seconds}`].map((value) => `--property=${value}`);
      await run(['systemd-run', '--quiet', '--collect', `--unit=${unit}`, ...set, '--', ...argv]);
    },
    reload: async () => void (await run(['systemctl', 'daemon-reload'])),
    enable: async (unit) => void (await run(['systemctl', 'enable', '--quiet', unit])),
    disable: async (unit) => void (await run(['systemctl', 'disable', '--quiet', unit])),
    start: async (unit) => {
      await forgive(unit);
      await run(['systemctl', 'start', unit]);
    },
    restart: async (unit) => {
      await forgive(unit);
      await run(['systemctl', 'restart', unit], [], STOP_SECONDS);
    },
    stop: async (units) => void (await run(['systemctl', 'stop', ...units], [NOT_LOADED], STOP_SECONDS)),
    startTimer: async (service, argv, seconds) => {
      const set = ['Type=exec', 'Restart=on-failure', 'RestartSec=5', 'SyslogIdentifier=refit'];
      const when = [`--on-active=${seconds}`, '--timer-property=AccuracySec=1s'];
      const properties = set.map((value) => `--property=${value}`);
      await run([
        'systemd-run',
        '--quiet',
        '--collect',
        `--unit=${service}`,
        ...when,
        ...properties,
        '--',
        ...argv,
      ]);
    },
    journal: (identifier) => openJournal(identifier),
  };
}

export function isWorking({ active }: UnitState): boolean {
  return active !== 'inactive' && active !== 'failed';
}

/** The timer and the service of it, to stop both. */
export const withTimer = (service: string): readonly string[] => [timerOf(service), service];

function readState(block: string): UnitState {
  const value = (key: string): string | undefined =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${key}=`))
      ?.slice(key.length + 1);
  return { loaded: value('LoadState') === 'loaded', active: value('ActiveState') ?? 'inactive' };
}

/** Without systemd-cat, or when it dies, the lines are in the step's log file only. */
function openJournal(identifier: string): LineSink {
  const child = spawn('systemd-cat', [`--identifier=${identifier}`], { stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
  child.stdin.on('error', () => undefined);
  return {
    write: (line) => void (child.stdin.writable && child.stdin.write(`${line}\n`)),
    end: () => {
      child.stdin.end();
      return ended;
    },
  };
}
