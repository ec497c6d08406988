// Changing the machine's files, each at once or not at all.
import { createHash } from 'node:crypto';
import { chmod, link, lstat, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path/posix';
import { StatusError } from '../../api/errors.ts';
import { errorCode, fileError, isAbsent, onPath } from './file-errors.ts';
import { chunks } from './file-reads.ts';
import { STATE_FOLDER } from './folders.ts';
import type { FileAttributes, HostFiles } from './host.ts';
import type { Ids } from './owner.ts';
import { createPlaces } from './places.ts';
import { syncFolder, withTemporary } from './temporary.ts';

type Changes = Pick<HostFiles, 'write' | 'copy' | 'rename' | 'makeFolder' | 'remove' | 'createExclusively'>;

/** Numbers of `user:group`; `otherwise` where it says nothing, undefined when there is no such user or group. */
export type OwnerOf = (owner: string, otherwise: Ids) => Promise<Ids | undefined>;

/** Of this process: root's, unless in tests. */
const OWN: Ids = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/**
 * Where a link is written to, the file behind it is replaced and the link stays. Extended attributes and ACLs of a replaced
 * file are not kept. Folders made on the way are 0755, below STATE_FOLDER 0700.
 */
export function createFileChanges(root: string, ownerOf: OwnerOf): Changes {
  const places = createPlaces(root);

  async function replace(
    path: string,
    { mode, owner }: FileAttributes,
    fill: (file: FileHandle) => Promise<void>,
  ): Promise<void> {
    await onPath(path, 'be written', async () => {
      const real = await places.target(path);
      await makeFolders(dirname(real), folderMode(path));
      const old = await lstat(real).catch(ifAbsent);
      const ids = owner === undefined ? (old ?? OWN) : await ownerOf(owner, old ?? OWN);
      if (!ids) throw failed(`${path}: owner: got "${owner}", expected a user and a group of this machine`);
      const attributes = { mode, uid: ids.uid, gid: ids.gid };
      await withTemporary(real, attributes, fill, (temporary) => rename(temporary, real));
    });
  }

  return {
    write: (path, content, attributes) => replace(path, attributes, (file) => file.writeFile(content)),
    copy: async (from, to, { sha256, ...attributes }) => {
      const source = await onPath(from, 'be read', async () => open(await places.behind(from)));
      try {
        await replace(to, attributes, (file) => copyChecked(from, source, file, sha256));
      } finally {
        await source.close();
      }
    },
    rename: (from, to) =>
      onPath(from, `be renamed to ${to}`, async () => {
        const [source, target] = [await places.itself(from), await places.itself(to)];
        await rename(source, target);
        await syncFolder(dirname(target));
        if (dirname(source) !== dirname(target)) await syncFolder(dirname(source));
      }),
    makeFolder: (path, mode) =>
      onPath(path, 'be made', async () => {
        const real = await places.target(path);
        await makeFolders(dirname(real), folderMode(path));
        await makeFolders(real, mode);
        if (!(await lstat(real)).isDirectory()) {
          throw failed(`${path}: is a file, expected a folder`);
        }
        // A hostPath volume of type DirectoryOrCreate is made by the kubelet, readable for all.
        if (isOurs(path)) await chmod(real, mode);
      }),
    remove: (path) =>
      onPath(path, 'be removed', async () => {
        const real = await places.itself(path);
        if ((await lstat(real).catch(ifAbsent)) === undefined) return;
        await rm(real, { recursive: true, force: true });
        await syncFolder(dirname(real));
      }),
    createExclusively: (path, content) =>
      onPath(path, 'be made', async () => {
        const real = await places.itself(path);
        await makeFolders(dirname(real), folderMode(path));
        return withTemporary(
          real,
          { mode: 0o600, ...OWN },
          (file) => file.writeFile(content),
          (temporary) => linkOnce(temporary, real),
        );
      }),
  };
}

async function copyChecked(
  from: string,
  source: FileHandle,
  to: FileHandle,
  expected: string | undefined,
): Promise<void> {
  const hash = createHash('sha256');
  async function* hashed(): AsyncGenerator<Buffer> {
    try {
      for await (const part of chunks(source)) {
        hash.update(part);
        yield part;
      }
    } catch (error) {
      throw fileError(from, 'be read', error);
    }
  }
  await to.writeFile(hashed());
  const got = hash.digest('hex');
  if (expected === undefined || got === expected) return;
  throw failed(`${from}: sha256: got ${got}, expected ${expected}`);
}

/** There with all its content or not at all, and never over what is there already: then false. */
async function linkOnce(temporary: string, real: string): Promise<boolean> {
  try {
    await link(temporary, real);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** What is there stays as it is. */
async function makeFolders(folder: string, mode: number): Promise<void> {
  try {
    await mkdir(folder, { mode });
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return;
    if (errorCode(error) !== 'ENOENT' || folder === '/') throw error;
    await makeFolders(dirname(folder), mode);
    return makeFolders(folder, mode);
  }
  // mkdir obeys the umask.
  await chmod(folder, mode);
  await syncFolder(dirname(folder));
}

function failed(message: string): StatusError {
  return new StatusError(message, { reason: 'Failed' });
}

function folderMode(path: string): number {
  return isOurs(path) ? 0o700 : 0o755;
}

function isOurs(path: string): boolean {
  return path === STATE_FOLDER || path.startsWith(`${STATE_FOLDER}/`);
}

function ifAbsent(error: unknown): undefined {
  if (!isAbsent(error)) throw error;
}
