// May the node go back by itself, once the new kubelet was started and the API server is not ready?
import { StatusError } from '../../../api/errors.ts';
import type { Host } from '../../host/host.ts';
import { etcdAccess } from '../etcd.ts';
import { isDataAsNoted } from './etcd-data.ts';
import type { Flip } from './flip.ts';
import { etcdCopy } from './flip-folder.ts';
import { lostKinds } from './judge-writes.ts';
import { keyWritesSince } from './key-writes.ts';
import { readRevision } from './revision.ts';
import { isDatabaseInUse } from './static-pod-ends.ts';

export type BackJudgement =
  | { may: true; putsDataBack: boolean; because: string }
  /** What it would cost, or what is not known. */
  | { may: false; because: string };

/**
 * While no API server runs, so that nothing is written after it was looked at; etcd runs on, if it runs.
 * @param etcdAnswered it was seen at its client port, or nobody looked since it was started
 */
export async function judgeBack(
  host: Host,
  { operation, etcd }: Flip,
  etcdAnswered: boolean,
): Promise<BackJudgement> {
  if (!etcd) return may(false, 'etcd is external and was not touched');
  if (!etcd.minorChanges) return may(false, 'the data of etcd stay: its minor version is the same');
  if (!(await isDatabaseInUse(host)) && (await isDataAsNoted(host, operation, etcd.dataFolder)))
    return may(false, 'the new etcd has never written');
  if (!etcd.copies)
    return mayNot('the new etcd has run, and the data of one of several members cannot be put back');
  if ((await host.files.status(etcdCopy(operation))) === undefined) {
    return mayNot("the new etcd has run, and there is no copy of the old one's data");
  }
  if (!etcdAnswered) return may(true, 'the new etcd has never answered');
  return judgeWrites(host, operation);
}

async function judgeWrites(host: Host, operation: string): Promise<BackJudgement> {
  const revision = await readRevision(host, operation);
  if (revision === undefined)
    return mayNot('it is not known what was written: the old revision was not noted');
  try {
    const access = await etcdAccess(host);
    if (typeof access === 'string') return mayNot('it is not known what was written: got no etcd to ask');
    const writes = await keyWritesSince(host, access, revision);
    const lost = lostKinds(writes);
    if (lost.length > 0) return mayNot(`these writes would be lost: ${lost.join(', ')}`);
    return may(true, `of ${writes.length} writes none is lost by it: leases, events, node status`);
  } catch (error) {
    if (error instanceof StatusError) return mayNot(`it is not known what was written: ${error.message}`);
    throw error;
  }
}

const may = (putsDataBack: boolean, because: string): BackJudgement => ({ may: true, putsDataBack, because });
const mayNot = (because: string): BackJudgement => ({ may: false, because });
