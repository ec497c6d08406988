import { createHash } from 'node:crypto';
import type { Clock } from '../api/clock.ts';

export interface Followed<T> {
  read: () => Promise<T>;
  /** What is in use now. */
  served: T;
  clock: Clock;
  seconds: number;
  signal: AbortSignal;
  /** It is another one than the last that was applied. */
  apply: (value: T) => void;
  /** It could be read, changed or not. */
  good?: () => void;
  failed: (error: unknown) => void;
}

/**
 * Reads mounted files again every `seconds`. By content, not by file events: a mounted Secret or ConfigMap changes by a swap
 * of links that such events miss. What is broken changes nothing. Ends when the signal aborts.
 */
export async function follow<T>(options: Followed<T>): Promise<void> {
  const { read, clock, seconds, signal, apply, good, failed } = options;
  let last = digest(options.served);
  while (!signal.aborted) {
    await clock.sleep(seconds, signal);
    if (signal.aborted) return;
    try {
      const value = await read();
      good?.();
      const now = digest(value);
      if (now === last) continue;
      apply(value);
      last = now;
    } catch (error) {
      failed(error);
    }
  }
}

/** Not the value itself: it may hold a key. */
function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
