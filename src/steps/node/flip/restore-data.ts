// The data of the old etcd back in their place, in a way that no watcher of the new one can misread.
import { StatusError } from '../../../api/errors.ts';
import type { Host } from '../../host/host.ts';
import { MEMBER, runOnData, syncFolder } from './data-folder.ts';
import { dataBackFile, etcdCopy } from './flip-folder.ts';
import { DATABASE, restoreDatabase } from './snapshot-tool.ts';

/** etcd makes its log in whole segments, one ahead. */
const LOG_BYTES = 2 * 64 * 2 ** 20;

/**
 * The copy stays, so that this may be cut and done again. Where both do not fit beside each other, what is to be lost goes
 * first: until the data are in their place no etcd may start, and the intent sees to that. Errors: Failed.
 */
export async function putDataBack(host: Host, operation: string, dataFolder: string): Promise<void> {
  const { files } = host;
  if ((await files.status(dataBackFile(operation))) !== undefined) return;
  const database = `${etcdCopy(operation)}/${DATABASE}`;
  const kept = await files.status(database);
  if (!kept) throw new StatusError(`${database}: absent, expected etcd's data`, { reason: 'Failed' });
  const [place, beside] = [`${dataFolder}/${MEMBER}`, `${dataFolder}/.${MEMBER}.refit-flip`];
  await files.remove(beside);
  const { freeBytes } = await files.space(dataFolder);
  if (freeBytes < kept.size * 1.1 + LOG_BYTES) await files.remove(place);
  await restoreDatabase(host, operation, { database, dataFolder: beside });
  // etcd may run as another user.
  await runOnData(host, ['chown', '-R', '--', `${kept.uid}:${kept.gid}`, beside]);
  await syncFolder(host, beside);
  await files.remove(place);
  await files.rename(`${beside}/${MEMBER}`, place);
  await files.remove(beside);
  await files.write(dataBackFile(operation), '{}\n', { mode: 0o600 });
}
