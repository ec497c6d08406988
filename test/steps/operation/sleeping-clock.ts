import type { Clock } from '../../../src/api/clock.ts';

/** Time passes only while somebody sleeps, and then at once: work takes none. */
export function sleepingClock(start = '2026-01-01T00:00:00.000Z'): Clock {
  let elapsed = 0;
  return {
    now: () => new Date(Date.parse(start) + elapsed * 1000),
    monotonic: () => elapsed,
    sleep: async (seconds) => {
      elapsed += seconds;
    },
  };
}
