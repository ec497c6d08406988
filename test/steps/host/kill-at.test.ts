import { describe, expect, it } from '@jest/globals';
import { killAtEveryEffect } from './kill-at.ts';

/** Two processes for each effect. */
const MINUTES = 60_000;

describe('a step that is killed', () => {
  it(
    'before any of its effects is old or new in each file, can be done again, and undone',
    async () => {
      const { performing, restoring, problems } = await killAtEveryEffect(
        new URL('made-up-step.ts', import.meta.url),
      );
      expect(problems).toEqual([]);
      expect(performing).toBeGreaterThan(40);
      expect(restoring).toBeGreaterThan(10);
    },
    3 * MINUTES,
  );

  it(
    'and is careless is found out',
    async () => {
      const { problems } = await killAtEveryEffect(new URL('careless-step.ts', import.meta.url));
      expect(problems).toContainEqual(
        expect.stringContaining('/etc/app/app.conf is neither old nor new: file 640'),
      );
      expect(problems).toContainEqual(
        expect.stringContaining('/etc/forgotten is not as before when restored'),
      );
    },
    3 * MINUTES,
  );
});
