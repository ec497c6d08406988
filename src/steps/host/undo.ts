// Keeps what the files that a step changes were before, and puts them back.
import { basename, dirname, join, normalize } from 'node:path/posix';
import { StatusError } from '../../api/errors.ts';
import type { Change } from '../node/node-step.ts';
import { undoFolder } from './folders.ts';
import type { Host, HostFiles } from './host.ts';
import { isAbandoned } from './temporary.ts';
import { isAsBefore, readEntries, writeEntries, type FileEntry, type UndoEntry } from './undo-entries.ts';

export interface UndoJournal {
  /** To be called before anything is done: an attempt that is killed before it changes a file is known too. */
  begin(): Promise<void>;
  /**
   * To be called before the file is changed; `change` says how. Only the first state of a path is kept: what a repetition
   * finds may be the step's own work. Errors: Failed, also for what is no file.
   */
  save(path: string, change: Change): Promise<void>;
  /** Those of them that are in effect, with the sha256 of what is there now. */
  changes(): Promise<Change[]>;
}

export interface Restored {
  changes: Change[];
  /** What could not be put back, and why. */
  problems: string[];
}

/** Opening writes nothing. A save that was killed is done again by the next one. */
export function openUndo(host: Host, operation: string, step: string): UndoJournal {
  const folder = undoFolder(operation, step);
  return {
    async begin() {
      if ((await readEntries(host, folder)) === undefined) await writeEntries(host, folder, []);
    },
    async save(path, change) {
      const entries = (await readEntries(host, folder)) ?? [];
      const real = await realPath(host.files, path);
      if (entries.some((entry) => entry.path === real)) return;
      const missing = await missingFolders(host.files, dirname(real));
      const entry = await saved(host, real, join(folder, String(entries.length)), change);
      await writeEntries(host, folder, [...entries, ...missing, entry]);
    },
    async changes() {
      const found: Change[] = [];
      for (const entry of (await readEntries(host, folder)) ?? []) {
        if (entry.was === 'no folder' || (await isAsBefore(host, entry))) continue;
        const sha256 = await host.files.sha256(entry.path);
        found.push({ ...entry.change, ...(sha256 === undefined ? {} : { sha256 }) });
      }
      return found;
    },
  };
}

/** Was the step begun? Errors: Failed when the journal cannot be read. */
export async function hasUndo(host: Host, operation: string, step: string): Promise<boolean> {
  return (await readEntries(host, undoFolder(operation, step))) !== undefined;
}

/**
 * Puts everything back, the last first; goes on after what fails. May be cut at any point and repeated: what is as before
 * is left. The journal stays. Errors: Failed when the journal cannot be read.
 */
export async function restore(host: Host, operation: string, step: string): Promise<Restored> {
  const folder = undoFolder(operation, step);
  const restored: Restored = { changes: [], problems: [] };
  for (const entry of ((await readEntries(host, folder)) ?? []).reverse()) {
    try {
      if (entry.was === 'no folder') await removeEmpty(host, entry.path);
      else if (await putBack(host, entry, folder)) restored.changes.push(undone(entry));
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      restored.problems.push(error.message);
    }
  }
  return restored;
}

export async function drop(host: Host, operation: string, step: string): Promise<void> {
  await host.files.remove(undoFolder(operation, step));
}

async function saved({ files }: Host, path: string, copy: string, change: Change): Promise<UndoEntry> {
  const status = await files.status(path);
  if (status === undefined) return { path, was: 'absent', change };
  const { kind, mode, uid, gid } = status;
  if (kind !== 'file') {
    throw new StatusError(`${path}: is a ${kind === 'other' ? 'special file' : kind}, expected a file`, {
      reason: 'Failed',
    });
  }
  await files.copy(path, copy, { mode: 0o600 });
  // Of the copy, not of the path: that is what can be put back.
  const sha256 = (await files.sha256(copy)) ?? '';
  return { path, was: 'file', copy: basename(copy), mode, uid, gid, sha256, change };
}

/** True: it was not as before. */
async function putBack(host: Host, entry: FileEntry, folder: string): Promise<boolean> {
  const { files } = host;
  const [parent, name] = [dirname(entry.path), basename(entry.path)];
  for (const other of await files.list(parent)) {
    if (isAbandoned(other, name)) await files.remove(join(parent, other));
  }
  if (await isAsBefore(host, entry)) return false;
  if (entry.was === 'file') {
    const { copy, mode, uid, gid, sha256 } = entry;
    await files.copy(join(folder, copy), entry.path, { mode, owner: `${uid}:${gid}`, sha256 });
    return true;
  }
  if ((await files.status(entry.path))?.kind === 'folder') {
    throw new StatusError(`${entry.path}: is a folder now, left as it is`, { reason: 'Failed' });
  }
  await files.remove(entry.path);
  return true;
}

function undone(entry: FileEntry): Change {
  const { what, from, to } = entry.change;
  return {
    what,
    ...(to === undefined ? {} : { from: to }),
    to: from ?? (entry.was === 'absent' ? 'absent' : 'as before'),
    ...(entry.was === 'file' ? { sha256: entry.sha256 } : {}),
  };
}

/** What somebody else has put into it meanwhile stays, and the folder with it. */
async function removeEmpty({ files }: Host, path: string): Promise<void> {
  if ((await files.status(path))?.kind !== 'folder') return;
  if ((await files.list(path)).length === 0) await files.remove(path);
}

/** The same before and after the file is made. */
async function realPath(files: HostFiles, path: string): Promise<string> {
  const whole = normalize(path);
  if (whole === '/') return whole;
  return (await files.resolve(whole)) ?? join(await realPath(files, dirname(whole)), basename(whole));
}

/** The outermost first. */
async function missingFolders(files: HostFiles, folder: string): Promise<UndoEntry[]> {
  if ((await files.status(folder)) !== undefined) return [];
  return [...(await missingFolders(files, dirname(folder))), { path: folder, was: 'no folder' }];
}
