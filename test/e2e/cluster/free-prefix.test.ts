import { expect, it } from '@jest/globals';
import { prefixBeside } from './free-prefix.ts';

it.each([
  ['nothing is taken', ['default', '192.0.2.0/24'], '172.30.0'],
  ['the first is taken', ['172.30.0.0/24'], '172.30.1'],
  ['an address in it is taken', ['172.30.0.17'], '172.30.1'],
  ['a larger network is taken', ['172.30.0.0/18', '172.30.64.0/24'], '172.30.65'],
  ['a neighbour is taken', ['172.31.0.0/16', '172.29.0.0/16'], '172.30.0'],
])('%s', (_, taken, prefix) => {
  expect(prefixBeside(taken)).toBe(prefix);
});

it('says when there is none', () => {
  expect(() => prefixBeside(['172.16.0.0/12'])).toThrow('172.30.0.0/16: got no free /24');
});
