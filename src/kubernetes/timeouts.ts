import type { Clock } from '../api/clock.ts';

export interface IdleTimeout {
  /** Aborts after so many seconds without `touch`, and when the outer signal does. */
  signal: AbortSignal;
  touch: () => void;
  /** Clock.monotonic of the last touch, if it has expired. */
  silentSince: () => number | undefined;
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
    silentSince: () => (expired.signal.aborted ? touched : undefined),
    stop: () => stopped.abort(),
  };
}

/** Runs at most so many tasks at once; the others wait in order. One whose signal aborts meanwhile is not run: its reason. */
export function limitConcurrency(
  limit: number,
): <T>(task: () => Promise<T>, signal?: AbortSignal) => Promise<T> {
  let running = 0;
  const waiting = new Set<() => void>();

  function turn(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        waiting.delete(begin);
        reject(signal?.reason as Error);
      };
      waiting.add(begin);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  return async (task, signal) => {
    signal?.throwIfAborted();
    if (running >= limit) await turn(signal);
    else running += 1;
    try {
      return await task();
    } finally {
      const [next] = waiting;
      if (next) {
        waiting.delete(next);
        next();
      } else running -= 1;
    }
  };
}
