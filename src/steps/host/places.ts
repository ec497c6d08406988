// Paths of the machine as paths of this process.
import { basename, dirname, isAbsolute, join, normalize } from 'node:path/posix';
import { StatusError } from '../../api/errors.ts';
import { followLinks } from './links.ts';

/** Errors: Failed for a path that is not absolute. */
export interface Places {
  /** To read: the kernel or followLinks goes behind the last link. */
  behind(path: string): Promise<string>;
  /** The last part not followed, if it is a link. */
  itself(path: string): Promise<string>;
  /** To replace: no link any more, so that the file behind it is replaced. */
  target(path: string): Promise<string>;
}

/** `root` is put before every path. */
export function createPlaces(root: string): Places {
  /** Some links (/proc/<pid>/root, /proc/<pid>/exe) only the kernel can follow: on the machine itself it does. */
  const behind = async (path: string): Promise<string> =>
    root === '/' ? checked(path) : join(root, await followLinks(root, checked(path)));
  return {
    behind,
    itself: async (path) => {
      const whole = normalize(checked(path));
      return join(await behind(dirname(whole)), basename(whole));
    },
    target: async (path) => join(root, await followLinks(root, checked(path))),
  };
}

function checked(path: string): string {
  if (isAbsolute(path)) return path;
  throw new StatusError(`path: got "${path}", expected an absolute one`, { reason: 'Failed' });
}
