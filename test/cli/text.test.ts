import { describe, expect, it } from '@jest/globals';
import { hanging, wrap } from '../../src/cli/text.ts';

describe('wrap', () => {
  it.each([
    ['one two three', 7, ['one two', 'three']],
    ['one two three', 80, ['one two three']],
    ['a-word-that-is-longer', 5, ['a-word-that-is-longer']],
    ['x a-word-that-is-longer y', 5, ['x', 'a-word-that-is-longer', 'y']],
    ['', 5, ['']],
    ['one\ntwo\u001B[2J', 80, ['one two [2J']],
  ])('%j at %d', (text, width, lines) => {
    expect(wrap(text, width)).toEqual(lines);
  });
});

describe('hanging', () => {
  it('puts further lines below the first, each in the style', () => {
    expect(hanging('why: ', 'one two three', (line) => `<${line}>`, 12)).toBe('why: <one two>\n     <three>');
  });
});
