// Which release of the image map an operation takes its binaries from.
import { StatusError } from '../api/errors.ts';
import { releasesOf, type Policy, type Release } from '../api/policy.ts';
import { parseVersion } from '../api/version.ts';

export type NamedRelease = Release & { name: string };

/** Versions that an error names. */
const MAX_NAMED = 10;

/** The release for a Kubernetes version: of several the last by name; undefined when there is none, or no image map. */
export function releaseOf(policy: Policy, kubernetes: string): NamedRelease | undefined {
  return releasesOf(policy, kubernetes)?.at(-1);
}

/** BadInput when there is an image map, but no release for the version in it. */
export function missingRelease(policy: Policy, kubernetes: string): StatusError | undefined {
  if (policy.imageMap === undefined || releaseOf(policy, kubernetes)) return undefined;
  return new StatusError(
    `imageMap: got no release for Kubernetes ${kubernetes}, expected one of ${versionsOf(policy)}`,
    { reason: 'BadInput' },
  );
}

function versionsOf(policy: Policy): string {
  const versions = [...new Set(Object.values(policy.imageMap ?? {}).map((release) => release.kubernetes))]
    .map((version) => parseVersion(version, 'imageMap'))
    .sort((a, b) => b.compare(a))
    .map((version) => `v${version.raw}`);
  const more = versions.length > MAX_NAMED ? ` and ${versions.length - MAX_NAMED} more` : '';
  return versions.slice(0, MAX_NAMED).join(', ') + more || 'any: the image map is empty';
}
