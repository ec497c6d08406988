// Files that appear whole or not at all: made beside the target under another name, put in its place when they are on disk.
import { randomBytes } from 'node:crypto';
import { open, readdir, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path/posix';
import type { Ids } from './owner.ts';

/**
 * Fills a new file beside the target and hands its path to `publish` (rename or link). What a killed attempt left there is
 * removed first; what this one leaves, always. The names begin with a dot, so the kubelet and systemd do not read them.
 */
export async function withTemporary<T>(
  target: string,
  { mode, uid, gid }: Ids & { mode: number },
  fill: (file: FileHandle) => Promise<void>,
  publish: (temporary: string) => Promise<T>,
): Promise<T> {
  const [folder, name] = [dirname(target), basename(target)];
  for (const other of await readdir(folder)) {
    if (isAbandoned(other, name)) await rm(join(folder, other), { force: true });
  }
  const temporary = join(folder, `.${name}.refit-${process.pid}-${randomBytes(6).toString('hex')}`);
  try {
    // Nobody else reads it before it is complete: it may hold keys.
    const file = await open(temporary, 'wx', 0o600);
    try {
      await fill(file);
      // In this order: a change of owner takes setuid bits away.
      await file.chown(uid, gid);
      await file.chmod(mode);
      await file.sync();
    } finally {
      await file.close();
    }
    return await publish(temporary);
  } finally {
    await rm(temporary, { force: true });
    await syncFolder(folder);
  }
}

/** Is this file what a process that lives no more left of an attempt to write `name`? */
export function isAbandoned(file: string, name: string): boolean {
  const prefix = `.${name}.refit-`;
  const pid = /^(\d+)-[0-9a-f]{12}$/.exec(file.slice(prefix.length))?.[1];
  return file.startsWith(prefix) && pid !== undefined && !isAlive(Number(pid));
}

/** A rename or removal in it lasts only then. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Several launches may write the same file at once: what another one is just writing is not taken from it. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
