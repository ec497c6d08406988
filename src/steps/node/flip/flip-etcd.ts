// What of a flip is etcd's, asked of etcd itself.
import { StatusError } from '../../../api/errors.ts';
import type { Host } from '../../host/host.ts';
import { etcdMembers } from '../etcd.ts';
import { etcdFindings } from '../etcd-health.ts';
import { textsOf } from '../findings.ts';
import { manifestFile, readStaticPod } from '../static-pods.ts';
import type { FlipDecision } from './decision.ts';
import type { Flip } from './flip.ts';
import { memberReasons } from './snapshot-tool.ts';

export interface EtcdPart {
  /** undefined: external, or it cannot be said. */
  part: Flip['etcd'];
  isOnlyMember: boolean;
  reasons: string[];
}

/** Errors: none but mistakes: what cannot be asked is a reason. */
export async function etcdPart(host: Host, { etcdMinorChanges }: FlipDecision): Promise<EtcdPart> {
  const nothing = { part: undefined, isOnlyMember: false };
  const pod = await readStaticPod(host, 'etcd');
  if (!pod) return { ...nothing, reasons: [] };
  const dataFolder = pod.flags.get('data-dir');
  if (dataFolder === undefined)
    return { ...nothing, reasons: [`${manifestFile('etcd')}: got no --data-dir, expected it`] };
  try {
    const members = await etcdMembers(host);
    const count = typeof members === 'string' ? 0 : members.length;
    const copies = etcdMinorChanges && count === 1;
    return {
      part: { dataFolder, minorChanges: etcdMinorChanges, copies },
      isOnlyMember: count === 1,
      reasons: [
        ...textsOf(etcdFindings(members, pod.flags.get('name')), 'refusal'),
        ...(copies ? memberReasons(pod) : []),
      ],
    };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { ...nothing, reasons: [error.message] };
  }
}
