import semver from 'semver';
import packageJson from '../../package.json' with { type: 'json' };

/** Why this Node.js will not do; it would end in the middle, with a stack trace. */
export function nodeProblem(version: string): string | undefined {
  const { node: expected } = packageJson.engines;
  return semver.satisfies(version, expected, { includePrerelease: true })
    ? undefined
    : `Node.js: got ${version}, expected ${expected}`;
}
