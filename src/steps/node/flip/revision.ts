// The revision that the old etcd ended at: everything after it was written since.
import { z } from 'zod';
import { StatusError } from '../../../api/errors.ts';
import type { Host } from '../../host/host.ts';
import { etcdAccess, etcdRevision } from '../etcd.ts';
import { readJson } from '../json-file.ts';
import { revisionFile } from './flip-folder.ts';

const schema = z.strictObject({ version: z.literal(1), revision: z.int().positive() });

/**
 * When no API server runs any more. An etcd that does not answer then is no failure: it only cannot be told later what was
 * written, and nothing is put back on a guess.
 */
export async function noteRevision(host: Host, operation: string): Promise<void> {
  if ((await host.files.status(revisionFile(operation))) !== undefined) return;
  try {
    const access = await etcdAccess(host);
    if (typeof access === 'string') return;
    const noted = { version: 1, revision: await etcdRevision(host, access) };
    await host.files.write(revisionFile(operation), JSON.stringify(noted), { mode: 0o600 });
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    host.log(`etcd: revision not noted: ${error.message}`);
  }
}

export const readRevision = async (host: Host, operation: string): Promise<number | undefined> =>
  (await readJson(host, revisionFile(operation), schema))?.revision;
