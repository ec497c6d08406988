// The version, and the release, that an upgrade is to. Pure.
import { releasesOf, type ImageMap } from '../../api/policy.ts';
import { parseVersion } from '../../api/version.ts';

/** One of both. */
export interface Wanted {
  to?: string;
  release?: string;
}

export interface Target {
  version: string;
  release?: string;
  /** Release that is taken for the version when none is named. */
  usual?: string;
}

/** @param imageMap undefined: it cannot be read. Errors: BadInput for a version that is none. */
export function targetOf(
  imageMap: ImageMap | undefined,
  { to, release }: Wanted,
): Target | { refusal: string } {
  if (release !== undefined) {
    if (imageMap === undefined) return { refusal: `release ${release}: the image map cannot be read` };
    const entry = Object.hasOwn(imageMap, release) ? imageMap[release] : undefined;
    if (!entry)
      return {
        refusal: `release ${release}: not in the image map, which has ${Object.keys(imageMap).join(', ') || 'none'}`,
      };
    const usual = releasesOf({ imageMap }, entry.kubernetes)?.at(-1)?.name;
    return { version: entry.kubernetes, release, ...(usual === undefined ? {} : { usual }) };
  }
  const version = `v${parseVersion(to, '--to').raw}`;
  const versions = new Set(Object.values(imageMap ?? {}).map(({ kubernetes }) => kubernetes));
  if (imageMap === undefined || versions.has(version)) return { version };
  return {
    refusal: `${version}: not in the image map, which has ${[...versions].join(', ') || 'none'} (docs/images.md)`,
  };
}
