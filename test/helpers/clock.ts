import type { Clock } from '../../src/api/clock.ts';

export interface FakeClock extends Clock {
  /** Lets so many seconds pass: everything that falls due happens in its order, and promises run in between. */
  advance(seconds: number): Promise<void>;
  /** Lets everything run that needs no time. */
  settle(): Promise<void>;
}

interface Sleeper {
  due: number;
  wake: () => void;
}

/** Time that stands still unless the test moves it. */
export function fakeClock(start = '2026-01-01T00:00:00.000Z'): FakeClock {
  let elapsed = 0;
  const sleepers = new Set<Sleeper>();

  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };

  return {
    now: () => new Date(Date.parse(start) + elapsed * 1000),
    monotonic: () => elapsed,
    sleep: (seconds, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { due: elapsed + seconds, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake);
      }),
    settle,
    advance: async (seconds) => {
      const end = elapsed + seconds;
      await settle();
      for (;;) {
        const next = [...sleepers].sort((a, b) => a.due - b.due)[0];
        if (!next || next.due > end) break;
        elapsed = Math.max(elapsed, next.due);
        next.wake();
        await settle();
      }
      elapsed = end;
    },
  };
}
