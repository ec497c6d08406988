import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import type { NodeStep } from '../../../src/steps/node/node-step.ts';
import { performInTime } from '../../../src/steps/operation/perform-in-time.ts';
import { stepContext } from '../host/step-context.ts';
import { tempHost, type TempHost } from '../host/temp-host.ts';
import { sleepingClock } from './sleeping-clock.ts';

let host: TempHost;
beforeEach(async () => {
  host = await tempHost({ clock: sleepingClock() });
});
afterEach(() => host.removeAll());

/** Cannot look for so many times. */
function perform(troubles: number) {
  let looks = 0;
  const step: NodeStep = {
    name: 'verify',
    async prepare() {
      looks += 1;
      if (looks <= troubles) throw new StatusError('not Ready yet', { reason: 'Unavailable' });
      return { refusals: [], actions: [], notes: [] };
    },
    problems: async () => [],
  };
  const signal = new AbortController().signal;
  return performInTime(step, host, stepContext(), { timeoutSeconds: 30, signal });
}

describe('a step that cannot look yet', () => {
  it('is tried again; its waiting is part of it', async () => {
    const { result } = await perform(5);
    expect(result).toMatchObject({ outcome: 'unchanged', startedAt: '2026-01-01T00:00:00.000Z' });
    expect(result.durationSeconds).toBeGreaterThanOrEqual(5);
    expect(host.lines.filter((line) => line.includes('waiting'))).toEqual(['verify: waiting: not Ready yet']);
  });

  it('fails with the trouble when its time is over', async () => {
    await expect(perform(100)).rejects.toMatchObject({ reason: 'Failed', message: 'not Ready yet' });
  });
});
