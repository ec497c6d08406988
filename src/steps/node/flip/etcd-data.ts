// The files of this node's etcd while it does not run: noted, copied, and put back.
import { z } from 'zod';
import { StatusError } from '../../../api/errors.ts';
import type { Argv, Host } from '../../host/host.ts';
import { lastLines } from '../../host/output.ts';
import { folderBytes } from '../disk-space.ts';
import { readJson } from '../json-file.ts';
import { dataBackFile, dataFile, etcdCopy } from './flip-folder.ts';

/** Of 8 GiB, the largest database that etcd advises, on a slow disk. */
const COPY_SECONDS = 300;
const MEMBER = 'member';

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

/** Nothing has its name unless all of it is on disk. What was copied before stays: no etcd has run since. */
export async function copyData(host: Host, operation: string, dataFolder: string): Promise<void> {
  const { files } = host;
  const copy = etcdCopy(operation);
  if ((await files.status(copy)) !== undefined) return;
  const partial = `${copy}.partial`;
  await files.remove(partial);
  await files.makeFolder(partial, 0o700);
  await copyDurably(host, `${dataFolder}/${MEMBER}`, `${partial}/${MEMBER}`);
  await files.rename(partial, copy);
}

/**
 * The copy stays, so that this may be cut and done again. Where both do not fit beside each other, what is to be lost goes
 * first: until the copy is in its place no etcd may start, and the intent sees to that. Errors: Failed.
 */
export async function putDataBack(host: Host, operation: string, dataFolder: string): Promise<void> {
  const { files } = host;
  if ((await files.status(dataBackFile(operation))) !== undefined) return;
  const source = `${etcdCopy(operation)}/${MEMBER}`;
  if ((await files.status(source)) === undefined) throw failed(`${source}: absent, expected etcd's data`);
  const [place, beside] = [`${dataFolder}/${MEMBER}`, `${dataFolder}/.${MEMBER}.refit-flip`];
  await files.remove(beside);
  const { freeBytes } = await files.space(dataFolder);
  if (freeBytes < (await folderBytes(host, source)) * 1.1) await files.remove(place);
  await copyDurably(host, source, beside);
  await files.remove(place);
  await files.rename(beside, place);
  await files.write(dataBackFile(operation), '{}\n', { mode: 0o600 });
}

/** With owners, modes and times; by reference where the file system can. */
async function copyDurably(host: Host, from: string, to: string): Promise<void> {
  await command(host, ['cp', '-a', '--reflink=auto', '--', from, to]);
  // File by file: to wait for all that the whole file system has to write could take long.
  const [paths, { files }] = [await folders(host, to), await fingerprint(host, to, '')];
  await command(host, ['sync', '--', ...Object.keys(files).map((name) => `${to}/${name}`), ...paths]);
}

async function command(host: Host, argv: Argv): Promise<void> {
  const { code, stderr } = await host.run(argv, { timeoutSeconds: COPY_SECONDS });
  if (code === 0) return;
  throw failed(
    `${argv.slice(0, 4).join(' ')}: exit code: got ${code}, expected 0: ${lastLines(stderr, 200)}`,
  );
}

async function fingerprint(host: Host, folder: string, below = MEMBER): Promise<Fingerprint> {
  const files: Fingerprint['files'] = {};
  for (const name of (await host.files.list(`${folder}/${below}`)).map((each) =>
    below === '' ? each : `${below}/${each}`,
  )) {
    const status = await host.files.status(`${folder}/${name}`);
    if (status?.kind === 'folder') Object.assign(files, (await fingerprint(host, folder, name)).files);
    else if (status) files[name] = { size: status.size, modifiedAt: status.modifiedAt.toISOString() };
  }
  return { version: 1, files };
}

async function folders(host: Host, folder: string): Promise<string[]> {
  const found = [folder];
  for (const name of await host.files.list(folder)) {
    const path = `${folder}/${name}`;
    if ((await host.files.status(path))?.kind === 'folder') found.push(...(await folders(host, path)));
  }
  return found;
}

function failed(message: string): StatusError {
  return new StatusError(message, { reason: 'Failed' });
}
