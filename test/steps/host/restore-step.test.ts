import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import { restoreStep } from '../../../src/steps/host/restore-step.ts';
import { openUndo } from '../../../src/steps/host/undo.ts';
import {
  broken,
  CONTEXT,
  failing,
  FILE,
  makeStep,
  stepSite,
  write,
  type Parts,
  type StepSite,
} from './step-site.ts';
import type { TempHost } from './temp-host.ts';

let host: TempHost;
let perform: StepSite['perform'];
let content: StepSite['content'];
beforeEach(async () => void ({ host, perform, content } = await stepSite()));
afterEach(() => host.removeAll());

describe('a step that fails', () => {
  const restoration = async () => [['echo', 'restarted']] as [string, string][];

  it('is put back, and what makes that effective is run', async () => {
    const { result } = await perform({ actions: [write, failing], restoration });
    expect(await content()).toBe('old');
    expect(result).toMatchObject({
      outcome: 'failed',
      message: `${broken}; restored: ${FILE}, echo restarted`,
      changes: [
        { what: FILE, from: 'old', to: 'new' },
        { what: FILE, from: 'new', to: 'old', sha256: await host.files.sha256(FILE) },
      ],
    });
  });

  it('is put back too when its effect does not come in time', async () => {
    const problems = async () => ['kubelet: got dead, expected active'];
    const { result } = await perform({ actions: [write], problems });
    expect(result).toMatchObject({
      outcome: 'failed',
      message: `kubelet: got dead, expected active; restored: ${FILE}`,
    });
    expect(await content()).toBe('old');
  });

  it('can be left as it is', async () => {
    const { result } = await perform({ actions: [write, failing], restoration: async () => 'forward' });
    expect(result.message).toBe(`${broken}; left as it is: it can only be done again`);
    expect(await content()).toBe('new');
  });

  it('says both when it cannot be put back', async () => {
    const { result } = await perform({
      actions: [write, { do: 'work', what: 'lose the copy', perform: loseCopies }, failing],
      restoration: async () => [
        ['false', 'x'],
        ['echo', 'restarted'],
      ],
    });
    expect(result.message).toMatch(
      /^sh .* broken; not restored: .*\/0: cannot be read: ENOENT .*; false x: exit code: got 1, expected 0: ; restored: echo restarted$/,
    );
    const unsure = { actions: [write, failing], restoration: () => Promise.reject(new Error('no idea')) };
    expect((await perform(unsure)).result.message).toBe(`${broken}; not restored: unexpected Error: no idea`);
  });

  it('does not hide what was not restored behind a long reason', async () => {
    const { result } = await perform({
      actions: [
        write,
        { do: 'work', what: 'fail', perform: () => Promise.reject(new Error('x'.repeat(5000))) },
      ],
      notes: ['y'.repeat(5000)],
    });
    expect(result.message).toHaveLength(1000);
    expect(result.message).toMatch(/^unexpected Error: x+\.\.\.; restored: .*; note: y+\.\.\.$/);
  });

  async function loseCopies(): Promise<void> {
    await host.files.remove('/var/lib/refit/edge-1/undo/kubelet/0');
  }
});

describe('after an attempt that was killed', () => {
  beforeEach(async () => {
    const journal = openUndo(host, 'edge-1', 'kubelet');
    await journal.begin();
    await journal.save(FILE, { what: FILE, from: 'old', to: 'new' });
    await host.files.write(FILE, 'new', { mode: 0o644 });
  });

  it('what it did is reported', async () => {
    const { result } = await perform({});
    expect(result).toMatchObject({
      outcome: 'changed',
      changes: [{ what: FILE, from: 'old', to: 'new', sha256: await host.files.sha256(FILE) }],
    });
  });

  it.each([
    ['refuses', { refusals: ['no'] }],
    ['cannot look', { prepare: () => Promise.reject(new StatusError('no', { reason: 'Failed' })) }],
    ['fails with its first action', { actions: [{ do: 'work', what: 'fail', perform: noWay }] }],
  ] as [string, Parts][])('it is put back when this one %s', async (_how, parts) => {
    const { result } = await perform(parts);
    expect(result).toMatchObject({ outcome: 'failed', message: `no; restored: ${FILE}` });
    expect(await content()).toBe('old');
  });

  it('nothing is claimed when its journal cannot be read', async () => {
    await host.put('/var/lib/refit/edge-1/undo/kubelet/undo.json', '{');
    const { message } = (await perform({ actions: [write] })).result;
    expect(message).toMatch(
      /is no undo journal of this version; not restored: .*undo.json: is no undo journal/,
    );
  });

  async function noWay(): Promise<void> {
    throw new StatusError('no', { reason: 'Failed' });
  }
});

describe('restoreStep', () => {
  it('may be repeated, and runs its commands again: it may have been cut before them', async () => {
    const journal = openUndo(host, 'edge-1', 'kubelet');
    await journal.save(FILE, { what: FILE });
    await host.files.write(FILE, 'new', { mode: 0o644 });
    const restored = makeStep({ restoration: async () => [['true']] });
    expect(await restoreStep(restored, host, CONTEXT)).toMatchObject({
      outcome: 'restored',
      message: `restored: ${FILE}, true`,
    });
    expect(await restoreStep(restored, host, CONTEXT)).toEqual({
      outcome: 'restored',
      changes: [],
      message: 'restored: true',
    });
  });
});
