// What it costs to take a flip back that ended well: told before anything is touched, while all of it serves.
import { StatusError } from '../../../api/errors.ts';
import type { Host } from '../../host/host.ts';
import { etcdAccess, etcdMembers, etcdRevision, hasEtcdKey, type EtcdAccess } from '../etcd.ts';
import { wrongDigest } from '../install-files.ts';
import type { Flip } from './flip.ts';
import { etcdCopy, keptKubelet, keptManifest, keptSnapshotTool } from './flip-folder.ts';
import { lostKinds } from './judge-writes.ts';
import { keyWritesSince } from './key-writes.ts';
import { readRevision } from './revision.ts';
import { DATABASE, REVISION_BUMP } from './snapshot-tool.ts';

export interface Loss {
  putsDataBack: boolean;
  /** With the number of writes, like `configmaps (2)`. Leases, events and the status of Nodes are lost, too, and not told. */
  kinds: readonly string[];
  /** What forbids it, whoever asks. */
  obstacles: readonly string[];
  /** What only force passes over. */
  doubts: readonly string[];
}

const CRDS = '/registry/apiextensions.k8s.io/customresourcedefinitions';
/** Refit lives where these do. Their objects would go back, too, and with them what is known of this very rollback. */
const MANAGEMENT: ReadonlyMap<string, string> = new Map([
  ['Argo Workflows', `${CRDS}/workflows.argoproj.io`],
  ['Cluster API', `${CRDS}/machines.cluster.x-k8s.io`],
]);
const SEVERAL_MEMBERS =
  "etcd's minor version has changed, and the data of one of several members are never put back alone. Possible instead: " +
  'go forward (`refit retry`); replace this Machine, so that its member joins anew; or restore a snapshot on all members';

/** Only looks. Errors: none but mistakes. */
export async function judgeLoss(host: Host, flip: Flip): Promise<Loss> {
  const { operation, etcd } = flip;
  const kept = await keptProblems(host, flip);
  if (etcd?.minorChanges !== true) return { putsDataBack: false, kinds: [], obstacles: kept, doubts: [] };
  if (!etcd.copies) return { putsDataBack: false, kinds: [], obstacles: [SEVERAL_MEMBERS], doubts: [] };
  try {
    const access = await etcdAccess(host);
    if (typeof access === 'string') throw new StatusError('got no etcd to ask', { reason: 'Failed' });
    const revision = await readRevision(host, operation);
    const obstacles = [
      ...kept,
      ...(await memberProblems(host)),
      ...(await farProblems(host, access, revision)),
    ];
    return { putsDataBack: true, obstacles, ...(await writes(host, access, revision)) };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { putsDataBack: true, kinds: [], obstacles: kept, doubts: [unknown(error.message)] };
  }
}

async function keptProblems(
  { files }: Host,
  { operation, kubelet, manifests, etcd }: Flip,
): Promise<string[]> {
  const expected: [string, string][] = [
    ...manifests.map(({ pod, from }): [string, string] => [keptManifest(operation, pod), from]),
    [keptKubelet(operation), kubelet.from],
    ...(etcd?.snapshotTool
      ? [[keptSnapshotTool(operation), etcd.snapshotTool.sha256] as [string, string]]
      : []),
  ];
  const problems: string[] = [];
  for (const [path, sha256] of expected) {
    const got = await files.sha256(path);
    if (got !== sha256) problems.push(wrongDigest(path, got, sha256));
  }
  const database = `${etcdCopy(operation)}/${DATABASE}`;
  if (etcd?.copies === true && (await files.status(database)) === undefined)
    problems.push(`${database}: got nothing, expected etcd's data`);
  return problems;
}

/** Others may have joined since. */
async function memberProblems(host: Host): Promise<string[]> {
  const members = await etcdMembers(host);
  return members.length === 1 ? [] : [SEVERAL_MEMBERS];
}

async function farProblems(host: Host, access: EtcdAccess, from: number | undefined): Promise<string[]> {
  const since = (await etcdRevision(host, access)) - (from ?? 0);
  return since < REVISION_BUMP
    ? []
    : [`etcd: got ${since} writes since, expected less than ${REVISION_BUMP}, by which a restore raises it`];
}

async function writes(
  host: Host,
  access: EtcdAccess,
  from: number | undefined,
): Promise<Pick<Loss, 'kinds' | 'doubts'>> {
  const doubts: string[] = [];
  for (const [name, key] of MANAGEMENT) {
    if (await hasEtcdKey(host, access, key))
      doubts.push(
        `${name} lives in this cluster: its objects would go back, too, those of this rollback among them`,
      );
  }
  try {
    if (from === undefined) throw new StatusError('the old revision was not noted', { reason: 'Failed' });
    return { kinds: lostKinds(await keyWritesSince(host, access, from)), doubts };
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return { kinds: [], doubts: [...doubts, unknown(error.message)] };
  }
}

const unknown = (why: string): string => `it is not known what would be lost: ${why}`;

/** For people, in one line. Pure. */
export function describeLoss({ putsDataBack, kinds, obstacles, doubts }: Loss): string {
  if (obstacles.length > 0) return `control plane: cannot go back: ${obstacles.join('; ')}`;
  if (!putsDataBack) return 'control plane: can go back; nothing would be lost, since the data of etcd stay';
  const since = 'leases, events and the status of Nodes written since the flip';
  const lost = doubts.some((doubt) => doubt.startsWith(unknown('')))
    ? 'everything written since the flip'
    : [...kinds, since].join(', ');
  const forced = doubts.length === 0 ? '' : `; only by force: ${doubts.join('; ')}`;
  return `control plane: can go back; lost would be: ${lost}${forced}`;
}
