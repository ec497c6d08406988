// What everything that runs in the cluster may expect of an upgrade.
import { expect } from '@jest/globals';
import { failures, gaps, longestStandstill, stepsBack } from '../measure/gaps.ts';
import type { Seen } from './watched.ts';

/** A pod of a drained node is away until the node takes pods again, and a little longer. */
const COUNTER_STARTS_SECONDS = 40;

/**
 * A kubelet that starts takes pods with a readiness probe for unready until it has asked them
 * (https://github.com/kubernetes/kubernetes/issues/100277): where no other node has any, nobody serves so long.
 */
const UNREADY_SECONDS = 3;

/** `isAlone`: all pods of the web server are on the node that is upgraded. */
export function expectUnharmed({ figures, observations }: Seen, { isAlone = false } = {}): void {
  const { budget, counter, writes, lostWrites } = observations;
  // The web server answered all the time, and nothing took more of its pods than its budget allows.
  const begin = observations.http[0]?.at ?? 0;
  const away = gaps(observations.http).map(({ from, seconds }) => ({
    after: (from - begin) / 1000,
    seconds,
  }));
  expect(away.filter(({ seconds }) => seconds > (isAlone ? UNREADY_SECONDS : 0))).toEqual([]);
  if (!isAlone) expect(budget.filter(({ value }) => value < 0)).toEqual([]);
  // Nothing that was written through the API server is lost; it could not be written only while that was away.
  expect(lostWrites).toBe(0);
  expect(failures(writes)).toBeLessThanOrEqual(
    tries(figures.apiOutageSeconds) + gaps(observations.api).length * 5 + 5,
  );
  expect(writes.at(-1)?.ok).toBe(true);
  // The counter goes on where it was, and stood still only while its node took no pods.
  expect(counter.length).toBeGreaterThan(0);
  expect(stepsBack(counter)).toBe(0);
  expect(longestStandstill(counter)).toBeLessThan(
    figures.cordonedSeconds + figures.apiOutageSeconds + COUNTER_STARTS_SECONDS,
  );
  expect((counter.at(-1)?.value ?? 0) > (counter[0]?.value ?? 0)).toBe(true);
}

/** Five a second. */
function tries(seconds: number): number {
  return Math.ceil(seconds * 5);
}
