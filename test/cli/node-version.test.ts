import { expect, it } from '@jest/globals';
import { nodeProblem } from '../../src/cli/node-version.ts';

it.each([
  [process.version, undefined],
  ['v25.0.0-nightly1', undefined],
  ['v20.20.2', 'Node.js: got v20.20.2, expected >=24'],
])('with %s: %s', (version, problem) => {
  expect(nodeProblem(version)).toBe(problem);
});
