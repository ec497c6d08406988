import type { SemVer } from 'semver';
import semver from 'semver';
import { badInput } from './errors.ts';

/** A kubelet may be so many minor versions older than every API server that it may talk to. */
export const MAX_KUBELET_SKEW = 3;

/** A Kubernetes version as CAPI writes it, `v1.34.3`. Errors: BadInput naming the field. */
export function parseVersion(value: unknown, field: string): SemVer {
  // semver itself forgives a second `v` and blanks around.
  const isStrict = typeof value === 'string' && /^v\d\S*$/.test(value);
  const parsed = isStrict ? semver.parse(value.slice(1)) : null;
  if (parsed === null) throw badInput(field, value, 'a version like v1.34.3');
  return parsed;
}

/** Why a node may not go from one version to the other in place; undefined if it may. */
export function versionRefusal(from: string, to: string, field: string): string | undefined {
  const [current, desired] = [parseVersion(from, field), parseVersion(to, field)];
  if (semver.lt(desired, current)) return `downgrade from ${from} to ${to}`;
  if (desired.major !== current.major) return `another major version: ${from} to ${to}`;
  if (desired.minor > current.minor + 1) return `skips a minor version: ${from} to ${to}`;
  return undefined;
}

/** Is the kubelet that is wanted newer (by minor) than the API server it will talk to? */
export function isAboveApiServer(kubelet: string, apiServer: string): boolean {
  const [node, server] = [parseVersion(kubelet, 'version'), parseVersion(apiServer, 'API server version')];
  return node.major !== server.major || node.minor > server.minor;
}

/** The lowest of the versions that can be read; undefined when there is none. */
export function oldest(versions: readonly string[]): string | undefined {
  return sorted(versions)[0];
}

/** The highest of them. */
export function newest(versions: readonly string[]): string | undefined {
  return sorted(versions).at(-1);
}

function sorted(versions: readonly string[]): string[] {
  return versions.filter((version) => semver.valid(version)).sort((a, b) => semver.compare(a, b));
}
