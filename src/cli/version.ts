import packageJson from '../../package.json' with { type: 'json' };

/** Refit's own version: names the step templates that a Workflow refers to. */
export function version(): string {
  return packageJson.version;
}
