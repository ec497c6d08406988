// systemd in this process: units are promises, timers are only noted.
import type { Argv, Host } from '../../../src/steps/host/host.ts';
import type { Systemd } from '../../../src/steps/operation/systemd.ts';

export interface FakeSystemd extends Systemd {
  enabled: Set<string>;
  /** By service: seconds until they fire. */
  timers: Map<string, number>;
  /** Units and how often each was started. */
  starts: Map<string, number>;
  /** What is said of a unit that this systemd did not start. */
  told: Map<string, string>;
  /** What the journal was given: `refit-stage: line`. */
  journalLines: string[];
  /** As at a shutdown, or by an administrator. */
  stopUnit(unit: string): Promise<void>;
  /** Resolves when no unit works any more. */
  idle(): Promise<void>;
}

type Run = (argv: readonly string[], signal: AbortSignal) => Promise<unknown>;

export function fakeSystemd(host: Host, run: Run): FakeSystemd {
  const working = new Map<string, { ended: Promise<void>; stop: AbortController }>();
  const [enabled, timers, starts] = [new Set<string>(), new Map<string, number>(), new Map<string, number>()];
  const [told, journalLines] = [new Map<string, string>(), [] as string[]];

  const begin = (unit: string, argv: readonly string[]): void => {
    if (working.has(unit)) throw new Error(`${unit}: was already loaded`);
    starts.set(unit, (starts.get(unit) ?? 0) + 1);
    const stop = new AbortController();
    const note = (error: unknown): void => void host.log(`${unit}: ${(error as Error).message}`);
    const ended = Promise.resolve()
      .then(() => run(argv, stop.signal))
      .catch(note)
      .then(() => void working.delete(unit));
    working.set(unit, { ended, stop });
  };
  const start = async (unit: string): Promise<void> => {
    const text = (await host.files.read(`/etc/systemd/system/${unit}`))?.toString() ?? '';
    begin(unit, (/^ExecStart=(.*)$/m.exec(text)?.[1] ?? '').split(' '));
  };
  const stopUnit = async (unit: string): Promise<void> => {
    working.get(unit)?.stop.abort();
    await working.get(unit)?.ended;
  };
  return {
    ...{ enabled, timers, starts, told, journalLines, start, stopUnit },
    states: async (units) =>
      units.map((unit) => {
        const isTimer = timers.has(unit.replace(/\.timer$/, '.service'));
        const active = working.has(unit) || isTimer ? 'active' : (told.get(unit) ?? 'inactive');
        return { loaded: active !== 'inactive', active };
      }),
    startTransient: async (unit, argv: Argv) => begin(unit, argv),
    reload: async () => undefined,
    enable: async (unit) => void enabled.add(unit),
    disable: async (unit) => void enabled.delete(unit),
    restart: async (unit) => stopUnit(unit).then(() => start(unit)),
    stop: async (units) => {
      for (const unit of units) timers.delete(unit.replace(/\.timer$/, '.service'));
      await Promise.all(units.map(stopUnit));
    },
    startTimer: async (service, _argv, seconds) => {
      if (timers.has(service)) throw new Error(`${service}: was already loaded`);
      timers.set(service, seconds);
    },
    journal: (identifier) => ({
      write: (line) => void journalLines.push(`${identifier}: ${line}`),
      end: async () => undefined,
    }),
    idle: async () => {
      while (working.size > 0) await Promise.all([...working.values()].map(({ ended }) => ended));
    },
  };
}
