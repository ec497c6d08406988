// Where a path ends below a root folder: the kernel would resolve absolute links from the real root.
import { readlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path/posix';
import { StatusError } from '../../api/errors.ts';
import { errorCode, isAbsent } from './file-errors.ts';

/** As the kernel does. */
const MAX_LINKS = 40;

/** The path (below root) with every link followed, the last one too, whether what it names exists or not. */
export async function followLinks(root: string, path: string): Promise<string> {
  const rest = path.split('/');
  let place = '/';
  let links = 0;
  for (let part = rest.shift(); part !== undefined; part = rest.shift()) {
    const next = part === '..' ? dirname(place) : join(place, part);
    const target = next === place || part === '..' ? undefined : await linkTarget(join(root, next));
    if (target === undefined) {
      place = next;
      continue;
    }
    links += 1;
    if (links > MAX_LINKS) throw new StatusError(`${path}: too many links`, { reason: 'Failed' });
    if (target.startsWith('/')) place = '/';
    rest.unshift(...target.split('/'));
  }
  return resolve(place);
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (errorCode(error) === 'EINVAL' || isAbsent(error)) return undefined;
    throw error;
  }
}
