// The program of the old etcd's image that restores its data. It is taken while that etcd runs: to go back then needs neither
// a container runtime nor a network.
import { z } from 'zod';
import { StatusError } from '../../../api/errors.ts';
import { parseJson } from '../../../api/json.ts';
import type { Host } from '../../host/host.ts';
import { parseStaticPod, type StaticPod } from '../static-pods.ts';
import { MEMBER, runOnData } from './data-folder.ts';
import type { Flip } from './flip.ts';
import { keptManifest, keptSnapshotTool } from './flip-folder.ts';
import { flipProcesses } from './static-pod-ends.ts';

export type SnapshotTool = NonNullable<NonNullable<Flip['etcd']>['snapshotTool']>;

/** Below a data folder. */
export const DATABASE = `${MEMBER}/snap/db`;

/** Up to 3.5 etcdctl has the same commands, and images that Kubernetes builds have no other. */
const PROGRAMS = ['/usr/local/bin/etcdutl', '/usr/local/bin/etcdctl'];
const NEEDED = ['--skip-hash-check', '--bump-revision', '--mark-compacted'];
/** What a restore needs to know of the member. */
const MEMBER_FLAGS = ['name', 'initial-advertise-peer-urls'] as const;

/**
 * As much as etcd's documentation advises: more than a week of 1,500 writes a second. Whoever goes back after more writes
 * than that would give revisions out twice.
 */
export const REVISION_BUMP = 1_000_000_000;

const statusSchema = z.object({ revision: z.int().positive() });

/**
 * In the file system of the container that runs it, which is this image's in any container runtime. Text: why there is none,
 * with what was got and expected.
 */
export async function findSnapshotTool(host: Host, operation: string): Promise<SnapshotTool | string> {
  const [process] = await flipProcesses(host, operation, 'etcd');
  if (!process) return 'etcd: got no process, expected one with a program that restores its data';
  const lacks: string[] = [];
  for (const program of PROGRAMS) {
    const from = `/proc/${process.pid}/root${program}`;
    // A link would be followed on this machine, not in the container.
    if ((await host.files.status(from))?.kind !== 'file') {
      lacks.push(`${program}: got none`);
      continue;
    }
    const missing = await missingFlags(host, from);
    const sha256 = await host.files.sha256(from);
    if (missing.length === 0 && sha256 !== undefined) return { from, sha256 };
    lacks.push(`${program}: got no ${missing.join(', ')}`);
  }
  return `etcd's image: ${lacks.join('; ')}; expected one that restores data with ${NEEDED.join(', ')}`;
}

/** One that cannot be run has none. */
async function missingFlags(host: Host, program: string): Promise<string[]> {
  try {
    const { stdout } = await host.run([program, 'snapshot', 'restore', '--help']);
    return NEEDED.filter((flag) => !stdout.includes(flag));
  } catch (error) {
    if (error instanceof StatusError) return NEEDED;
    throw error;
  }
}

/** What is missing in etcd's manifest to restore its data, or lies where it is not copied. Pure. */
export function memberReasons({ flags }: StaticPod): string[] {
  const absent = MEMBER_FLAGS.filter((name) => !flags.get(name)).map(
    (name) => `etcd: got no --${name}, expected it`,
  );
  const log = flags.get('wal-dir');
  return log === undefined ? absent : [...absent, `etcd: got --wal-dir=${log}, expected none`];
}

/** Of the last write in it. Errors: Failed. */
export async function databaseRevision(host: Host, operation: string, database: string): Promise<number> {
  const tool = keptSnapshotTool(operation);
  const text = await runOnData(host, [tool, 'snapshot', 'status', '--write-out=json', database]);
  const status = statusSchema.safeParse(parseJson(text));
  if (status.success) return status.data.revision;
  throw failed(`${tool} snapshot status: got no revision, expected one of ${database}`);
}

/**
 * A data folder from a database alone, as that of the same single member. Its revisions go on far above all that a client
 * can have seen, and older ones are gone: whoever asks for one is told so, and reads everything anew. Errors: Failed.
 */
export async function restoreDatabase(
  host: Host,
  operation: string,
  { database, dataFolder }: { database: string; dataFolder: string },
): Promise<void> {
  const content = await host.files.read(keptManifest(operation, 'etcd'));
  const flags = content && parseStaticPod(content, 'etcd').flags;
  const [name, peerUrls] = MEMBER_FLAGS.map((flag) => flags?.get(flag));
  if (!name || !peerUrls) {
    throw failed(`${keptManifest(operation, 'etcd')}: got none of ${MEMBER_FLAGS.join(', ')}, expected all`);
  }
  const token = flags?.get('initial-cluster-token');
  const cluster = peerUrls.split(',').map((url) => `${name}=${url}`);
  await runOnData(host, [
    ...([keptSnapshotTool(operation), 'snapshot', 'restore', database] as const),
    ...['--skip-hash-check', `--bump-revision=${REVISION_BUMP}`, '--mark-compacted'],
    ...[`--name=${name}`, `--initial-advertise-peer-urls=${peerUrls}`],
    `--initial-cluster=${cluster.join(',')}`,
    ...(token === undefined ? [] : [`--initial-cluster-token=${token}`]),
    `--data-dir=${dataFolder}`,
  ]);
}

function failed(message: string): StatusError {
  return new StatusError(message, { reason: 'Failed' });
}
