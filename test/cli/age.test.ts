import { expect, it } from '@jest/globals';
import { age } from '../../src/cli/age.ts';

it.each([
  ['2026-01-01T11:59:15Z', '45s'],
  ['2026-01-01T11:58:01Z', '119s'],
  ['2026-01-01T11:48:00Z', '12m'],
  ['2026-01-01T08:50:00Z', '3h10m'],
  ['2025-12-29T08:00:00Z', '3d4h'],
  ['2026-01-01T12:00:05Z', '0s'],
  ['soon', '?'],
])('%s is %s ago', (since, expected) => {
  expect(age(since, new Date('2026-01-01T12:00:00Z'))).toBe(expected);
});
