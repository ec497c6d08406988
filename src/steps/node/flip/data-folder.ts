// Folders of etcd's files, copied so that no power loss takes anything of them back.
import { StatusError } from '../../../api/errors.ts';
import type { Argv, Host } from '../../host/host.ts';
import { lastLines } from '../../host/output.ts';

/** Of etcd's data folder the one that holds all of it. */
export const MEMBER = 'member';
/** For 8 GiB, the largest database that etcd advises, on a slow disk. */
const DATA_SECONDS = 300;

/** With owners, modes and times; by reference where the file system can. Errors: Failed. */
export async function copyFolder(host: Host, from: string, to: string): Promise<void> {
  await runOnData(host, ['cp', '-a', '--reflink=auto', '--', from, to]);
  await syncFolder(host, to);
}

/** File by file: to wait for all that the whole file system has to write could take long. */
export async function syncFolder(host: Host, folder: string): Promise<void> {
  const [files, folders] = [await filesBelow(host, folder), await foldersOf(host, folder)];
  await runOnData(host, ['sync', '--', ...files.map((name) => `${folder}/${name}`), ...folders]);
}

/** What it writes to stdout. Errors: Failed. */
export async function runOnData(host: Host, argv: Argv): Promise<string> {
  const { code, stdout, stderr } = await host.run(argv, { timeoutSeconds: DATA_SECONDS });
  if (code === 0) return stdout;
  throw new StatusError(
    `${argv.slice(0, 4).join(' ')}: exit code: got ${code}, expected 0: ${lastLines(stderr, 200)}`,
    { reason: 'Failed' },
  );
}

/** Paths below the folder, of those below one of its folders. */
export async function filesBelow(host: Host, folder: string, below = ''): Promise<string[]> {
  const found: string[] = [];
  for (const name of await host.files.list(below === '' ? folder : `${folder}/${below}`)) {
    const path = below === '' ? name : `${below}/${name}`;
    const kind = (await host.files.status(`${folder}/${path}`))?.kind;
    if (kind === 'folder') found.push(...(await filesBelow(host, folder, path)));
    else if (kind !== undefined) found.push(path);
  }
  return found;
}

async function foldersOf(host: Host, folder: string): Promise<string[]> {
  const found = [folder];
  for (const name of await host.files.list(folder)) {
    const path = `${folder}/${name}`;
    if ((await host.files.status(path))?.kind === 'folder') found.push(...(await foldersOf(host, path)));
  }
  return found;
}
