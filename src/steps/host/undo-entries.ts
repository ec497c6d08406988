// undo.json: what the files that a step changes were before. One per operation and step.
import { join } from 'node:path/posix';
import { z } from 'zod';
import { StatusError } from '../../api/errors.ts';
import { stepResultSchema } from '../../api/step-result.ts';
import type { Host } from './host.ts';

/** How the step changes the file. */
const change = stepResultSchema.shape.changes.element;

const entrySchema = z.discriminatedUnion('was', [
  z.strictObject({ path: z.string(), was: z.literal('absent'), change }),
  z.strictObject({
    path: z.string(),
    was: z.literal('file'),
    /** Name in the folder of the journal. */
    copy: z.string(),
    mode: z.int(),
    uid: z.int(),
    gid: z.int(),
    sha256: z.string(),
    change,
  }),
  /** A folder that is made on the way to a new file. */
  z.strictObject({ path: z.string(), was: z.literal('no folder') }),
]);
const journalSchema = z.strictObject({ version: z.literal(1), entries: z.array(entrySchema) });

export type UndoEntry = z.infer<typeof entrySchema>;
export type FileEntry = Exclude<UndoEntry, { was: 'no folder' }>;

/** In the order in which they were saved; undefined: not begun. Errors: Failed for a journal that cannot be read. */
export async function readEntries(host: Host, folder: string): Promise<UndoEntry[] | undefined> {
  const path = join(folder, 'undo.json');
  const content = await host.files.read(path);
  if (content === undefined) return undefined;
  try {
    return journalSchema.parse(JSON.parse(content.toString())).entries;
  } catch (cause) {
    throw new StatusError(`${path}: is no undo journal of this version`, { reason: 'Failed', cause });
  }
}

export async function writeEntries(host: Host, folder: string, entries: UndoEntry[]): Promise<void> {
  const content = `${JSON.stringify({ version: 1, entries }, undefined, 2)}\n`;
  await host.files.write(join(folder, 'undo.json'), content, { mode: 0o600 });
}

/** Is the file now as it was then? */
export async function isAsBefore({ files }: Host, entry: FileEntry): Promise<boolean> {
  const status = await files.status(entry.path);
  if (entry.was === 'absent' || status === undefined) return entry.was === 'absent' && status === undefined;
  const { kind, mode, uid, gid } = status;
  const same = kind === 'file' && mode === entry.mode && uid === entry.uid && gid === entry.gid;
  return same && (await files.sha256(entry.path)) === entry.sha256;
}
