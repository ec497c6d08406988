import { setTimeout as sleep } from 'node:timers/promises';

/** Looks ten times a second, for a minute. */
export async function until(isTrue: () => boolean): Promise<void> {
  for (let turn = 0; !isTrue(); turn += 1) {
    if (turn > 600) throw new Error('not within a minute');
    await sleep(100);
  }
}
