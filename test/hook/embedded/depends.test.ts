import { describe, expect, it } from '@jest/globals';
import { dagPhase, decideDepends, tasksIn } from '../../../src/hook/embedded/depends.ts';
import type { TaskPhase } from '../../../src/hook/store.ts';

function phases(given: Record<string, TaskPhase>): Map<string, TaskPhase> {
  return new Map(Object.entries(given));
}

describe('decideDepends', () => {
  it.each<[string, Record<string, TaskPhase>, string]>([
    ['a.Succeeded', { a: 'Pending' }, 'wait'],
    ['a.Succeeded', { a: 'Running' }, 'wait'],
    ['a.Succeeded', { a: 'Succeeded' }, 'run'],
    ['a.Succeeded', { a: 'Failed' }, 'omit'],
    ['a.Succeeded', { a: 'Skipped' }, 'omit'],
    ['a.Skipped', { a: 'Skipped' }, 'run'],
    ['a.Omitted', { a: 'Omitted' }, 'run'],
    ['a.Errored', { a: 'Error' }, 'run'],
    ['a.Failed', { a: 'Error' }, 'omit'],
    ['!a.Failed', { a: 'Succeeded' }, 'run'],
    ['a', { a: 'Skipped' }, 'run'],
    ['a', { a: 'Succeeded' }, 'run'],
    ['a', { a: 'Failed' }, 'omit'],
    ['(a.Succeeded || a.Skipped) && b-2.Succeeded', { a: 'Skipped', 'b-2': 'Succeeded' }, 'run'],
    ['(a.Succeeded || a.Skipped) && b-2.Succeeded', { a: 'Skipped', 'b-2': 'Failed' }, 'omit'],
    ['a || b && c', { a: 'Succeeded', b: 'Failed', c: 'Failed' }, 'run'],
    ['(a || b) && c', { a: 'Succeeded', b: 'Failed', c: 'Failed' }, 'omit'],
  ])('%s with %j: %s', (depends, given, decision) => {
    expect(decideDepends(depends, phases(given))).toBe(decision);
  });

  it('waits for every task that is named, even when the result is certain', () => {
    expect(decideDepends('a.Succeeded || b.Succeeded', phases({ a: 'Succeeded', b: 'Running' }))).toBe(
      'wait',
    );
    expect(decideDepends('a.Succeeded && b.Succeeded', phases({ a: 'Failed', b: 'Running' }))).toBe('wait');
  });

  it('runs a task without dependencies', () => {
    expect(decideDepends(undefined, phases({}))).toBe('run');
  });

  it.each([
    ['a.Succeeded &&', 'depends'],
    ['a.Succeeded b.Succeeded', 'complete boolean expression'],
    ['(a.Succeeded', 'complete boolean expression'],
    ['a.Suceeded', 'Succeeded, Failed'],
    ['a.constructor', 'Succeeded, Failed'],
    ['a.Succeeded.b', 'Succeeded, Failed'],
    ['a.Succeeded & b', 'names, &&, ||'],
    ['', 'depends'],
    ['c.Succeeded', 'c is none'],
  ])('refuses %j', (depends, message) => {
    expect(() => decideDepends(depends, phases({ a: 'Succeeded', b: 'Succeeded' }))).toThrow(
      expect.objectContaining({ reason: 'BadInput', message: expect.stringContaining(message) }),
    );
  });
});

it('names the tasks of an expression once each', () => {
  expect(tasksIn('(a.Succeeded || a.Skipped) && !b-2.Failed && c')).toEqual(['a', 'b-2', 'c']);
});

describe('dagPhase', () => {
  const chain = [{ name: 'a' }, { name: 'b', depends: 'a' }, { name: 'c', depends: 'b' }];

  it.each<[Record<string, TaskPhase>, string]>([
    [{ a: 'Succeeded', b: 'Skipped', c: 'Succeeded' }, 'Succeeded'],
    [{ a: 'Succeeded', b: 'Succeeded', c: 'Skipped' }, 'Succeeded'],
    [{ a: 'Failed', b: 'Omitted', c: 'Omitted' }, 'Failed'],
    [{ a: 'Error', b: 'Omitted', c: 'Omitted' }, 'Error'],
    [{ a: 'Succeeded', b: 'Succeeded', c: 'Failed' }, 'Failed'],
  ])('of a chain %j: %s', (given, phase) => {
    expect(dagPhase(chain, phases(given))).toBe(phase);
  });

  it('is well when a later task deals with the failure', () => {
    const tasks = [{ name: 'a' }, { name: 'repair', depends: 'a.Failed' }];
    expect(dagPhase(tasks, phases({ a: 'Failed', repair: 'Succeeded' }))).toBe('Succeeded');
  });

  it('counts every leaf', () => {
    const tasks = [{ name: 'a' }, { name: 'b', depends: 'a' }, { name: 'c', depends: 'a' }];
    expect(dagPhase(tasks, phases({ a: 'Succeeded', b: 'Failed', c: 'Succeeded' }))).toBe('Failed');
  });
});
