import { expect, it } from '@jest/globals';
import { type Diary, type Entry, mostOperated, mostRunning, mostUpdating, replaced } from './diary.ts';

const NOTHING: Diary = { machines: [], owners: [], workflows: [], close() {} };

it('counts how many Workflows ran at the same time', () => {
  const workflows = entries('a Running, b Pending, c Running, a Succeeded, b Running, c Failed, d Running');
  expect(mostRunning({ ...NOTHING, workflows })).toBe(2);
});

it('counts how many Machines were updated at the same time, whatever else is told of them', () => {
  const machines = entries('a updating, a shows v1.34.3, b updating, a updated, b deleted, c updating');
  expect(mostUpdating({ ...NOTHING, machines })).toBe(2);
});

it('counts how many Machines were in their first operation at the same time', () => {
  const machines = entries(
    'a operation 1 running, b operation 1 running, a operation 1 succeeded, a operation 2 running, c operation 1 running',
  );
  expect(mostOperated({ ...NOTHING, machines })).toBe(2);
});

it('tells which Machines came or went', () => {
  const machines = entries('a made, a updating, b deleted, c shows v1.34.3');
  expect(replaced({ ...NOTHING, machines })).toEqual(entries('a made, b deleted'));
});

it('counts none where nothing happened', () => {
  expect(mostUpdating(NOTHING)).toBe(0);
});

function entries(text: string): Entry[] {
  return text.split(', ').map((entry) => {
    const [name = '', ...what] = entry.split(' ');
    return { name, what: what.join(' ') };
  });
}
