// May the etcd member of this node be restarted?
import type { EtcdMember, NoEtcd } from './etcd.ts';
import { note, refusal, type Finding } from './findings.ts';

/** `own`: name of this node's member. */
export function etcdFindings(
  members: readonly EtcdMember[] | NoEtcd,
  own: string | undefined,
): readonly Finding[] {
  if (members === 'none') return [];
  if (members === 'external') return [note('etcd: external: it is neither upgraded nor saved by a snapshot')];
  const voters = members.filter(({ isLearner }) => !isLearner);
  const others = voters.filter(({ name, healthy }) => healthy && name !== own);
  const needed = Math.floor(voters.length / 2) + 1;
  const noQuorum = `without the member of this node there are ${others.length} of ${needed} that a quorum needs`;
  const hasQuorum = others.length >= needed;
  const refusals = members.flatMap(({ name, healthy, isLearner }) => {
    const member = `etcd member ${name || 'that never started'}`;
    const outlook = hasQuorum ? '' : ` (${noQuorum})`;
    if (!healthy)
      return [refusal(`${member}: got unhealthy, expected healthy${outlook}: repair or remove it first`)];
    if (!isLearner) return [];
    return [refusal(`${member}: got a learner, expected a voting member: wait until it is promoted`)];
  });
  if (refusals.length > 0 || hasQuorum) return refusals;
  return [note(`etcd: ${noQuorum}: the API is away while it restarts`)];
}
