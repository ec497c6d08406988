import type { Clock } from '../api/clock.ts';

export interface IdleTimeout {
  /** Aborts after so many seconds without `touch`, and when the outer signal does. */
  signal: AbortSignal;
  touch: () => void;
  /** Must be called, or the timer goes on. */
  stop: () => void;
}

export function idleTimeout(clock: Clock, seconds: number, outer?: AbortSignal): IdleTimeout {
  const expired = new AbortController();
  const stopped = new AbortController();
  let touched = clock.monotonic();
  void (async () => {
    for (;;) {
      const left = touched + seconds - clock.monotonic();
      if (left <= 0) return expired.abort(new Error(`nothing received for ${seconds} s`));
      await clock.sleep(left, stopped.signal);
      if (stopped.signal.aborted) return;
    }
  })();
  return {
    signal: outer ? AbortSignal.any([expired.signal, outer]) : expired.signal,
    touch: () => {
      touched = clock.monotonic();
    },
    stop: () => stopped.abort(),
  };
}

/** Runs at most so many tasks at once; the others wait in order. */
export function limitConcurrency(limit: number): <T>(task: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
