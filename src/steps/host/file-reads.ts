// Looking at the machine's files.
import { createHash } from 'node:crypto';
import { lstat, open, readdir, readFile, statfs, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path/posix';
import { errorCode, ifPresent, isAbsent, onPath } from './file-errors.ts';
import type { FileStatus, HostFiles } from './host.ts';
import { followLinks } from './links.ts';
import { createPlaces } from './places.ts';

type Reads = Pick<HostFiles, 'read' | 'status' | 'resolve' | 'list' | 'sha256' | 'space'>;

const CHUNK_BYTES = 256 * 1024;

export function createFileReads(root: string): Reads {
  const places = createPlaces(root);
  return {
    read: (path) => ifPresent(path, 'be read', async () => readFile(await places.behind(path))),
    status: (path) =>
      ifPresent(path, 'be looked at', async () => statusOf(await lstat(await places.itself(path)))),
    resolve: (path) =>
      ifPresent(path, 'be looked at', async () => {
        await lstat(await places.target(path));
        return followLinks(root, path);
      }),
    list: (folder) =>
      onPath(folder, 'be listed', async () => {
        try {
          return (await readdir(await places.behind(folder))).sort();
        } catch (error) {
          if (errorCode(error) === 'ENOENT') return [];
          throw error;
        }
      }),
    sha256: (path) =>
      ifPresent(path, 'be read', async () => {
        const hash = createHash('sha256');
        for await (const chunk of chunks(await open(await places.behind(path)))) hash.update(chunk);
        return hash.digest('hex');
      }),
    space: (path) => onPath(path, 'be asked for space', async () => spaceAt(await places.behind(path))),
  };
}

/** The content of a file piece by piece; closes it. */
export function chunks(file: FileHandle): AsyncIterable<Buffer> {
  return file.createReadStream({ highWaterMark: CHUNK_BYTES });
}

function statusOf(stats: Awaited<ReturnType<typeof lstat>>): FileStatus {
  return {
    kind: kindOf(stats),
    size: Number(stats.size),
    mode: Number(stats.mode) & 0o7777,
    uid: Number(stats.uid),
    gid: Number(stats.gid),
    modifiedAt: stats.mtime,
  };
}

function kindOf(stats: Awaited<ReturnType<typeof lstat>>): FileStatus['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

async function spaceAt(place: string): Promise<{ freeBytes: number; freeInodes: number }> {
  try {
    const { bavail, bsize, files, ffree } = await statfs(place);
    // File systems without a fixed number of inodes (btrfs) say 0 of 0.
    return { freeBytes: bavail * bsize, freeInodes: files === 0 ? Number.MAX_SAFE_INTEGER : ffree };
  } catch (error) {
    if (!isAbsent(error) || place === '/') throw error;
    return spaceAt(dirname(place));
  }
}
