// Waiting for what others do: look, wait, look again.
import { StatusError } from '../../api/errors.ts';
import type { ApiStepContext } from './api-step.ts';

export interface Bounds {
  /** Longest time; 0 or less: look once. */
  seconds: number;
  everySeconds: number;
}

/**
 * Looks until there is no problem or the time is over; gives the problems of the last look. An API server that is away
 * is waited for. Errors: Unavailable when it is still away at the end, or when the signal aborts; what else `look` throws.
 */
export async function poll(
  { clock, signal }: Pick<ApiStepContext, 'clock' | 'signal'>,
  { seconds, everySeconds }: Bounds,
  look: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const end = clock.monotonic() + seconds;
  for (;;) {
    const seen = await orUnavailable(look);
    if (signal.aborted) throw new StatusError('told to stop', { reason: 'Unavailable' });
    if (!(seen instanceof StatusError) && seen.length === 0) return seen;
    const left = end - clock.monotonic();
    if (left <= 0) {
      if (seen instanceof StatusError) throw seen;
      return seen;
    }
    await clock.sleep(Math.min(everySeconds, left), signal);
    if (signal.aborted) throw new StatusError('told to stop', { reason: 'Unavailable' });
  }
}

async function orUnavailable(
  look: () => Promise<readonly string[]>,
): Promise<readonly string[] | StatusError> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'Unavailable') return error;
    throw error;
  }
}

/** A few of them for a message. */
export function summary(lines: readonly string[], most = 5): string {
  const more = lines.length - most;
  return [...lines.slice(0, most), ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
