import { expect, it } from '@jest/globals';
import { tell } from '../../src/cli/tell.ts';

const LONG = `one ${'two three '.repeat(12)}end`;

function told(isErrTerminal: boolean, text: string, heading?: string): string {
  let said = '';
  tell({ err: (line) => void (said += line), isErrTerminal }, text, heading);
  return said;
}

it('is one line in a pipe, however long', () => {
  expect(told(false, `${LONG}\n`, 'refit: ')).toBe(`refit: ${LONG}\n`);
  expect(told(false, LONG)).toBe(`${LONG}\n`);
});

it('is broken for a terminal, below its heading', () => {
  const lines = told(true, LONG, 'refit: ').trimEnd().split('\n');
  expect(lines.map(({ length }) => length <= 80)).toEqual([true, true]);
  expect(lines.map((line) => line.slice(7)).join(' ')).toBe(LONG);
  expect(lines[1]).toMatch(/^ {7}\S/);
});
