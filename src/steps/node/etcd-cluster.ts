// Is all of etcd well, and as many members as before?
import type { Host } from '../host/host.ts';
import type { BackupManifest } from './backup-manifest.ts';
import { etcdAccess, etcdAlarms, etcdMembers, type EtcdMember } from './etcd.ts';
import { manifestFile } from './static-pods.ts';

/**
 * @param before what the backup of this operation found; undefined: there is none
 * Errors: StatusError, Unavailable when the local member does not answer.
 */
export async function etcdClusterProblems(
  host: Host,
  before: BackupManifest['etcd'] | undefined,
): Promise<string[]> {
  const expected = typeof before === 'object' ? before.members : undefined;
  const access = await etcdAccess(host);
  if (typeof access === 'string') {
    return expected === undefined
      ? []
      : [`${manifestFile('etcd')}: got no file, expected the etcd that was here before`];
  }
  const [members, alarms] = await Promise.all([etcdMembers(host), etcdAlarms(host, access)]);
  return [
    ...(typeof members === 'string' ? [] : memberProblems(members, expected)),
    ...alarms.map((alarm) => `etcd: got alarm ${alarm}, expected none`),
  ];
}

/** Pure. `expected`: how many there were; undefined: nobody counted. */
export function memberProblems(members: readonly EtcdMember[], expected: number | undefined): string[] {
  const isRight = expected === undefined || members.length === expected;
  return [
    ...(isRight ? [] : [`etcd: got ${members.length} members, expected ${expected}`]),
    ...members.flatMap(({ name, clientURL, isLearner, healthy }) => {
      if (clientURL === undefined) return ['etcd: got a member that never started, expected none'];
      if (isLearner) return [`etcd member ${name}: got a learner, expected a voting member`];
      return healthy ? [] : [`etcd member ${name} (${clientURL}): got unhealthy, expected healthy`];
    }),
  ];
}
