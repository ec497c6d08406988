import type { Clock } from '../api/clock.ts';

/** Real time, or real time made faster: a factor of 10 makes ten seconds of one. */
export function systemClock(factor = 1): Clock {
  const start = Date.now();
  return {
    now: () => new Date(start + (Date.now() - start) * factor),
    monotonic: () => (performance.now() / 1000) * factor,
    sleep: (seconds, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const done = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', done);
          resolve();
        };
        const timer = setTimeout(done, (seconds * 1000) / factor);
        signal?.addEventListener('abort', done, { once: true });
      }),
  };
}
