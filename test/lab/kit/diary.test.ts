import { expect, it } from '@jest/globals';
import { type Entry, mostRunning, mostUpdating } from './diary.ts';

it('counts how many Workflows ran at the same time', () => {
  const workflows = entries('a Running, b Pending, c Running, a Succeeded, b Running, c Failed, d Running');
  expect(mostRunning({ machines: [], workflows, close() {} })).toBe(2);
});

it('counts how many Machines were updated at the same time, whatever else is told of them', () => {
  const machines = entries('a updating, a shows v1.34.3, b updating, a updated, b deleted, c updating');
  expect(mostUpdating({ machines, workflows: [], close() {} })).toBe(2);
});

it('counts none where nothing happened', () => {
  expect(mostUpdating({ machines: [], workflows: [], close() {} })).toBe(0);
});

function entries(text: string): Entry[] {
  return text.split(', ').map((entry) => {
    const [name = '', ...what] = entry.split(' ');
    return { name, what: what.join(' ') };
  });
}
