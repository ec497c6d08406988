import { setTimeout as sleep } from 'node:timers/promises';

const LONGEST_SECONDS = 180;

/** Looks ten times a second. */
export async function until(isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + LONGEST_SECONDS * 1000;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`not within ${LONGEST_SECONDS} s`);
    await sleep(100);
  }
}
