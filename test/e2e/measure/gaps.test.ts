import { describe, expect, it } from '@jest/globals';
import {
  failures,
  failuresRetried,
  gaps,
  longestStandstill,
  outageSeconds,
  secondsTrue,
  stepsBack,
} from './gaps.ts';

describe('what an outage is', () => {
  it.each([
    ['none', 'ok ok ok', []],
    ['nothing was seen', '', []],
    ['one', 'ok - - ok', [[200, 0.4]]],
    [
      'two, also one at the begin',
      '- ok ok - ok',
      [
        [0, 0.2],
        [600, 0.2],
      ],
    ],
    ['one that is not over', 'ok - - -', [[200, 0.4]]],
    ['one that is seen once, at the end', 'ok -', [[200, 0]]],
    ['all the time', '- - -', [[0, 0.4]]],
  ])('%s', (_, seen, expected) => {
    expect(gaps(samples(seen)).map(({ from, seconds }) => [from, seconds])).toEqual(expected);
  });

  it('is the sum of all', () => {
    expect(outageSeconds(samples('ok - ok ok - - ok - ok'))).toBeCloseTo(0.8);
  });
});

it('counts tries that failed', () => {
  expect(failures(samples('- ok - - ok'))).toBe(3);
});

it('counts those that trying again did not save', () => {
  expect(failuresRetried(samples('ok - - - ok -'), 0.4)).toBe(2);
  expect(failuresRetried(samples('ok - - - ok'), 0.6)).toBe(0);
});

it('knows how long something was true', () => {
  expect(secondsTrue(states(false, true, true, false, true, false))).toBeCloseTo(0.6);
});

describe('a counter', () => {
  it('never steps back', () => {
    expect(stepsBack(states(1, 2, 2, 5))).toBe(0);
    expect(stepsBack(states(1, 2, 0, 1, 0))).toBe(2);
  });

  it('stands still at most so long', () => {
    expect(longestStandstill(states(1, 2, 2, 2, 3))).toBeCloseTo(0.6);
    expect(longestStandstill(states(1, 2, 2, 2))).toBeCloseTo(0.4);
    expect(longestStandstill(states(1))).toBe(0);
    expect(longestStandstill([])).toBe(0);
  });
});

function samples(seen: string) {
  const words = seen === '' ? [] : seen.split(' ');
  return words.map((word, index) => ({ at: index * 200, ok: word === 'ok' }));
}

function states<T>(...values: T[]) {
  return values.map((value, index) => ({ at: index * 200, value }));
}
