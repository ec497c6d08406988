// What a backup holds, and whether it is all there. Layout of the folder: manifest.json, etcd-snapshot.db, files/<path on
// the host>, and the marker `complete`, which is written last.
import { z } from 'zod';
import { backupFolder } from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import { sha256Of } from '../host/sha256.ts';
import { readJson } from './json-file.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const backupManifestSchema = z.strictObject({
  version: z.literal(1),
  operation: z.string(),
  createdAt: z.iso.datetime(),
  /** none: a worker. */
  etcd: z.union([
    z.enum(['external', 'none']),
    z.strictObject({
      /** How many members the cluster had. */
      members: z.int().min(1),
      /** Of the file; etcd's own sum within it was checked when it came. */
      snapshotSha256: sha256,
    }),
  ]),
  files: z.array(
    z.strictObject({
      /** On the host, as it is called there: links on the way are not resolved. */
      path: z.string().startsWith('/'),
      sha256,
      /** Of the original: copies are 0600 and root's. */
      mode: z.int(),
      uid: z.int(),
      gid: z.int(),
    }),
  ),
});

export type BackupManifest = z.infer<typeof backupManifestSchema>;

/** Holds the sha256 of the manifest. */
export const COMPLETE_MARKER = 'complete';

const markerFile = (operation: string): string => `${backupFolder(operation)}/${COMPLETE_MARKER}`;
const manifestFile = (operation: string): string => `${backupFolder(operation)}/manifest.json`;
export const snapshotFile = (operation: string): string => `${backupFolder(operation)}/etcd-snapshot.db`;
/** Where the copy of a file of the host lies. */
export const copyFile = (operation: string, path: string): string =>
  `${backupFolder(operation)}/files${path}`;

/** undefined: there is none, or it is not complete. The copies themselves are not checked. */
export async function readBackup(host: Host, operation: string): Promise<BackupManifest | undefined> {
  const [marker, sum] = await Promise.all([
    host.files.read(markerFile(operation)),
    host.files.sha256(manifestFile(operation)),
  ]);
  if (sum === undefined || marker?.toString().trim() !== sum) return undefined;
  return readJson(host, manifestFile(operation), backupManifestSchema);
}

/** The manifest, then the marker: only with it the backup counts. Errors: StatusError Failed. */
export async function completeBackup(host: Host, manifest: BackupManifest): Promise<void> {
  const content = `${JSON.stringify(backupManifestSchema.parse(manifest), undefined, 2)}\n`;
  const sum = sha256Of(content);
  await host.files.write(manifestFile(manifest.operation), content, { mode: 0o600 });
  await host.files.write(markerFile(manifest.operation), `${sum}\n`, { mode: 0o600 });
}

/** Empty: the backup is complete and every byte of it is as the manifest says. */
export async function backupProblems(host: Host, operation: string): Promise<string[]> {
  const manifest = await readBackup(host, operation);
  if (!manifest) return [`${backupFolder(operation)}: got no complete backup, expected one`];
  const expected = manifest.files.map(({ path, sha256: sum }) => [copyFile(operation, path), sum] as const);
  if (typeof manifest.etcd === 'object') {
    expected.push([snapshotFile(operation), manifest.etcd.snapshotSha256]);
  }
  const problems: string[] = [];
  // One after the other: binaries and databases are large, and the node has other work.
  for (const [file, sum] of expected) {
    const got = (await host.files.sha256(file)) ?? 'no file';
    if (got !== sum) problems.push(`${file}: sha256: got ${got}, expected ${sum}`);
  }
  return problems;
}
