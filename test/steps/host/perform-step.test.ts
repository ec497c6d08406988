import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import { performStep } from '../../../src/steps/host/perform-step.ts';
import { hasUndo } from '../../../src/steps/host/undo.ts';
import type { Action } from '../../../src/steps/node/node-step.ts';
import type { FakeClock } from '../../helpers/clock.ts';
import { CONTEXT, failing, FILE, makeStep, stepSite, write, type StepSite } from './step-site.ts';
import type { TempHost } from './temp-host.ts';

let clock: FakeClock;
let host: TempHost;
let perform: StepSite['perform'];
let content: StepSite['content'];
beforeEach(async () => void ({ clock, host, perform, content } = await stepSite()));
afterEach(() => host.removeAll());

describe('a step', () => {
  it('does its actions and tells what changed', async () => {
    const { result, outputs } = await perform({
      actions: [write, { do: 'work', what: 'wait', perform: () => clock.advance(2), change: { what: 'it' } }],
      notes: ['apt holds kubelet'],
      outputs: { 'plan-sha256': 'abc' },
    });
    expect(outputs).toEqual({ 'plan-sha256': 'abc' });
    expect(result).toMatchObject({
      step: 'kubelet',
      operation: 'edge-1',
      outcome: 'changed',
      message: `${FILE} old -> new, it; note: apt holds kubelet`,
      startedAt: '2026-01-01T00:00:00.000Z',
      changes: [
        { what: FILE, from: 'old', to: 'new', sha256: await host.files.sha256(FILE) },
        { what: 'it' },
      ],
    });
    expect(host.lines).toEqual([
      'kubelet: note: apt holds kubelet',
      `write ${FILE}`,
      `write ${FILE}: done in 0.0 s`,
      'wait',
      'wait: done in 2.0 s',
      expect.stringMatching(/^kubelet: changed: /),
    ]);
  });

  it('is known as begun before its first action', async () => {
    const seen: boolean[] = [];
    const look = async () => void seen.push(await hasUndo(host, 'edge-1', 'kubelet'));
    await perform({ actions: [{ do: 'work', what: 'stop the kubelet', perform: look }] });
    expect(seen).toEqual([true]);
  });

  it('with nothing to do is unchanged once its effect is seen', async () => {
    let looks = 0;
    const problems = async () => (++looks < 3 ? ['kubelet: got starting, expected healthy'] : []);
    expect((await perform({ problems })).result).toMatchObject({
      outcome: 'unchanged',
      durationSeconds: 2,
      changes: [],
    });
    expect(host.lines.filter((line) => line.includes('waiting'))).toHaveLength(1);
    expect(await hasUndo(host, 'edge-1', 'kubelet')).toBe(false);
  });

  it('with nothing to do fails when its effect is absent', async () => {
    const { result } = await perform({ problems: async () => ['version: got v1.33.7, expected v1.34.3'] });
    expect(result).toMatchObject({
      outcome: 'failed',
      message: 'version: got v1.33.7, expected v1.34.3; nothing was changed',
      durationSeconds: 60,
    });
  });

  it('that refuses touches nothing', async () => {
    const { result } = await perform({
      refusals: ['disk: got 1 MiB, expected 2 GiB', 'time: off'],
      actions: [write],
    });
    expect(result).toMatchObject({
      outcome: 'failed',
      message: 'disk: got 1 MiB, expected 2 GiB; time: off; nothing was changed',
    });
    expect(await content()).toBe('old');
    expect(await host.files.list('/var')).toEqual([]);
  });

  it('that cannot look fails, unless that may pass', async () => {
    const looking = (error: Error) => perform({ prepare: () => Promise.reject(error) });
    const failed = new StatusError('no', { reason: 'Failed' });
    const away = new StatusError('not now', { reason: 'Unavailable' });
    expect((await looking(failed)).result).toMatchObject({
      outcome: 'failed',
      message: 'no; nothing was changed',
    });
    expect((await looking(new TypeError('x is not y'))).result).toMatchObject({
      message: 'unexpected TypeError: x is not y; nothing was changed',
    });
    await expect(looking(away)).rejects.toBe(away);
  });
});

describe('the deadline', () => {
  it('bounds commands and requests, and begins no action after it', async () => {
    const seen: (number | undefined)[] = [];
    const spied = {
      ...host,
      run: async (_argv: unknown, options: { timeoutSeconds?: number } = {}) => {
        seen.push(options.timeoutSeconds);
        await clock.advance(25);
        return { code: 0, stdout: '', stderr: '' };
      },
    };
    const actions: Action[] = [
      { do: 'run', argv: ['a'], timeoutSeconds: 900 },
      { do: 'run', argv: ['b'] },
      write,
    ];
    const report = await performStep(makeStep({ actions }), spied, CONTEXT, { timeoutSeconds: 40 });
    expect(seen).toEqual([40, 15]);
    expect(report.result.message).toBe(
      `write ${FILE}: not begun, the time of the step is over; nothing to restore`,
    );
  });

  it('leaves time for one look', async () => {
    const late: Action = { do: 'work', what: 'late', perform: () => clock.advance(100) };
    const { result } = await perform({
      actions: [late],
      problems: async (looking) => ((await looking.run(['true'])).code === 0 ? [] : ['not true']),
    });
    expect(result).toMatchObject({ outcome: 'changed', durationSeconds: 100 });
  });

  it('holds for work that asks again and again', async () => {
    const asking: Action = {
      do: 'work',
      what: 'ask for ever',
      perform: async (bounded) => {
        for (;;) {
          await clock.advance(10);
          await bounded.run(['true']);
        }
      },
    };
    expect((await perform({ actions: [asking] })).result.message).toBe(
      'true: not begun, the time is over; nothing to restore',
    );
  });
});

describe('a step that is told to stop', () => {
  it('begins nothing more, restores nothing, and is to be performed again', async () => {
    const stop = new AbortController();
    const actions: Action[] = [
      write,
      { do: 'work', what: 'stop', perform: async () => stop.abort() },
      failing,
    ];
    const stopped = { reason: 'Unavailable', message: 'kubelet: stopped, to be performed again' };
    await expect(perform({ actions }, { signal: stop.signal })).rejects.toMatchObject(stopped);
    expect(await content()).toBe('new');
    expect(host.lines.at(-1)).toMatch(/^stop: done in/);
  });

  it('does not wait for its effect', async () => {
    const stop = new AbortController();
    const problems = async (): Promise<string[]> => {
      if (clock.monotonic() >= 3) stop.abort();
      return ['not yet'];
    };
    const waiting = perform({ actions: [write], problems }, { signal: stop.signal });
    await expect(waiting).rejects.toMatchObject({ reason: 'Unavailable' });
    expect(clock.monotonic()).toBe(3);
    expect(await content()).toBe('new');
  });
});
