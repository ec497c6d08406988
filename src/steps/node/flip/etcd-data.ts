// The files of this node's etcd while it does not run: noted, and copied.
import { z } from 'zod';
import { StatusError } from '../../../api/errors.ts';
import type { Host } from '../../host/host.ts';
import { readJson } from '../json-file.ts';
import { copyFolder, filesBelow, MEMBER } from './data-folder.ts';
import { dataFile, etcdCopy } from './flip-folder.ts';
import { readRevision } from './revision.ts';
import { DATABASE, databaseRevision } from './snapshot-tool.ts';

const fingerprintSchema = z.strictObject({
  version: z.literal(1),
  files: z.record(z.string(), z.strictObject({ size: z.number(), modifiedAt: z.string() })),
});
type Fingerprint = z.infer<typeof fingerprintSchema>;

/** Any etcd that starts writes: another time or size of a file is the sign of it. */
export async function noteData(host: Host, operation: string, dataFolder: string): Promise<void> {
  if ((await host.files.status(dataFile(operation))) !== undefined) return;
  const noted = JSON.stringify(await fingerprint(host, dataFolder));
  await host.files.write(dataFile(operation), noted, { mode: 0o600 });
}

/** False also when nothing was noted. */
export async function isDataAsNoted(host: Host, operation: string, dataFolder: string): Promise<boolean> {
  const noted = await readJson(host, dataFile(operation), fingerprintSchema);
  if (!noted) return false;
  const now = await fingerprint(host, dataFolder);
  const names = new Set([...Object.keys(noted.files), ...Object.keys(now.files)]);
  return [...names].every((name) => {
    const [before, after] = [noted.files[name], now.files[name]];
    return before?.size === after?.size && before?.modifiedAt === after?.modifiedAt;
  });
}

/**
 * Nothing has its name unless all of it is on disk, and its database has every write. What was copied before stays: no etcd
 * has run since. Errors: Failed.
 */
export async function copyData(host: Host, operation: string, dataFolder: string): Promise<void> {
  const { files } = host;
  const copy = etcdCopy(operation);
  if ((await files.status(copy)) !== undefined) return;
  const partial = `${copy}.partial`;
  await files.remove(partial);
  await files.makeFolder(partial, 0o700);
  await copyFolder(host, `${dataFolder}/${MEMBER}`, `${partial}/${MEMBER}`);
  await checkDatabase(host, operation, `${partial}/${DATABASE}`);
  await files.rename(partial, copy);
}

/**
 * A restore takes the database alone. An etcd that ended on SIGTERM has put all into it that it acknowledged; of one that
 * ended otherwise the last writes may be in its log only, and nothing may be built on that copy.
 */
async function checkDatabase(host: Host, operation: string, database: string): Promise<void> {
  const expected = await readRevision(host, operation);
  const got = await databaseRevision(host, operation, database);
  if (expected !== undefined && got >= expected) return;
  const wanted = expected ?? 'that of etcd, which was not noted';
  throw new StatusError(`${database}: revision: got ${got}, expected ${wanted}: did etcd end by itself?`, {
    reason: 'Failed',
  });
}

async function fingerprint(host: Host, dataFolder: string): Promise<Fingerprint> {
  const files: Fingerprint['files'] = {};
  for (const name of await filesBelow(host, dataFolder, MEMBER)) {
    const status = await host.files.status(`${dataFolder}/${name}`);
    if (status) files[name] = { size: status.size, modifiedAt: status.modifiedAt.toISOString() };
  }
  return { version: 1, files };
}
