// The step `backup`: what it takes to put this node back by hand, before anything on it is touched.
import type { HostPlan } from '../../api/host-plan.ts';
import { StatusError } from '../../api/errors.ts';
import { BACKUPS_FOLDER, backupFolder } from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import {
  backupProblems,
  completeBackup,
  copyFile,
  snapshotFile,
  type BackupManifest,
} from './backup-manifest.ts';
import { findBackupSources, type BackupSource } from './backup-sources.ts';
import { saveEtcdSnapshot } from './etcd-snapshot.ts';
import { etcdAccess, etcdDatabaseSize, etcdMembers, type EtcdAccess, type NoEtcd } from './etcd.ts';
import { inspectLayout } from './layout.ts';
import type { Action, NodeStep, Work } from './node-step.ts';
import { findOutdated } from './retention.ts';
import { manifestFile as staticPodFile } from './static-pods.ts';

/** What is there to be saved. */
export interface BackupNeeds {
  sources: readonly BackupSource[];
  /** bytes: of the database now. */
  etcd: NoEtcd | { access: EtcdAccess; members: number; bytes: number };
}

/** Of the free space: the kubelet evicts pods and etcd stops when a disk is full. */
const LEFT_FREE = 0.2;
/** The step's own bound ends it earlier. */
const SNAPSHOT_SECONDS = 3600;
const OWN_INODES = 100;
const MIB = 2 ** 20;

export const backup: NodeStep = {
  name: 'backup',
  async prepare(host, { plan }) {
    const old = (await findOutdated(host, plan)).map(removal);
    if ((await backupProblems(host, plan.operation)).length === 0) {
      return { refusals: [], actions: old, notes: [] };
    }
    const needs = await findNeeds(host);
    const { freeBytes, freeInodes } = await host.files.space(BACKUPS_FOLDER);
    // What an earlier attempt left is removed first.
    const left = await folderBytes(host, backupFolder(plan.operation));
    return backupWork(plan, needs, { freeBytes: freeBytes + left, freeInodes }, old);
  },
  problems: (host, { plan }) => backupProblems(host, plan.operation),
};

/** Pure, but for what its actions do. */
function backupWork(
  plan: HostPlan,
  needs: BackupNeeds,
  space: { freeBytes: number; freeInodes: number },
  old: readonly Action[],
): Work {
  const notes =
    needs.etcd === 'external' ? ['etcd runs elsewhere: no snapshot is taken, back it up where it runs'] : [];
  const refusals = [
    // Without a snapshot it would be no backup of a control plane.
    ...(plan.role === 'control-plane' && needs.etcd === 'none'
      ? [`${staticPodFile('kube-apiserver')}: got no file, expected one on a control-plane node`]
      : []),
    ...spaceRefusals(needs, space),
  ];
  if (refusals.length > 0) return { refusals, actions: [], notes };
  return { refusals, actions: [...savings(plan.operation, needs), ...old], notes };
}

export function spaceRefusals(
  { sources, etcd }: BackupNeeds,
  { freeBytes, freeInodes }: { freeBytes: number; freeInodes: number },
): string[] {
  const bytes = sources.reduce((sum, { size }) => sum + size, typeof etcd === 'object' ? etcd.bytes : 0);
  const expected = bytes / (1 - LEFT_FREE);
  const inodes = 2 * sources.length + OWN_INODES;
  const mib = (value: number): string => `${Math.ceil(value / MIB)} MiB`;
  return [
    ...(freeBytes < expected
      ? [
          `${BACKUPS_FOLDER}: got ${Math.floor(freeBytes / MIB)} MiB free, expected ${mib(expected)}: ` +
            `the backup takes ${mib(bytes)}, ${LEFT_FREE * 100}% must be left`,
        ]
      : []),
    ...(freeInodes < inodes ? [`${BACKUPS_FOLDER}: got ${freeInodes} free inodes, expected ${inodes}`] : []),
  ];
}

async function findNeeds(host: Host): Promise<BackupNeeds> {
  const sources = await findBackupSources(host, await inspectLayout(host));
  const access = await etcdAccess(host);
  if (typeof access === 'string') return { sources, etcd: access };
  const [members, bytes] = await Promise.all([etcdMembers(host), etcdDatabaseSize(host, access)]);
  return { sources, etcd: { access, members: members.length, bytes } };
}

/** Of `work` only: there is nothing to undo, and an undo journal would copy everything once more. */
function savings(operation: string, { sources, etcd }: BackupNeeds): Action[] {
  const folder = backupFolder(operation);
  const copies: Action = {
    do: 'work',
    what: `copy ${sources.length} files to ${folder}/files`,
    perform: (host) => copySources(host, operation, sources),
    change: { what: 'backup of files', to: `${folder}/files` },
  };
  const mark: Action = {
    do: 'work',
    what: `mark ${folder} as complete`,
    perform: (host) => conclude(host, operation, { sources, etcd }),
  };
  if (typeof etcd === 'string') return [copies, mark];
  const file = snapshotFile(operation);
  const snapshot: Action = {
    do: 'work',
    what: `save a snapshot of etcd to ${file}`,
    perform: async (host) => void (await saveEtcdSnapshot(host, etcd.access, file, SNAPSHOT_SECONDS)),
    change: { what: 'etcd snapshot', to: file },
  };
  return [copies, snapshot, mark];
}

/** From the beginning: what an earlier attempt left may be half of it. */
async function copySources(host: Host, operation: string, sources: readonly BackupSource[]): Promise<void> {
  await host.files.remove(backupFolder(operation));
  await host.files.makeFolder(backupFolder(operation), 0o700);
  for (const { path } of sources) {
    await host.files.copy(path, copyFile(operation, path), { mode: 0o600 });
  }
}

/** Sums of what lies there now, not of what was to be copied: the copies are what can be put back. */
async function conclude(host: Host, operation: string, { sources, etcd }: BackupNeeds): Promise<void> {
  const files: BackupManifest['files'] = [];
  for (const { path, mode, uid, gid } of sources) {
    files.push({ path, sha256: await sumOf(host, copyFile(operation, path)), mode, uid, gid });
  }
  await completeBackup(host, {
    version: 1,
    operation,
    createdAt: host.clock.now().toISOString(),
    etcd:
      typeof etcd === 'string'
        ? etcd
        : { members: etcd.members, snapshotSha256: await sumOf(host, snapshotFile(operation)) },
    files,
  });
}

async function folderBytes(host: Host, folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await host.files.list(folder)) {
    const status = await host.files.status(`${folder}/${name}`);
    bytes += status?.kind === 'folder' ? await folderBytes(host, `${folder}/${name}`) : (status?.size ?? 0);
  }
  return bytes;
}

async function sumOf(host: Host, path: string): Promise<string> {
  const sum = await host.files.sha256(path);
  if (sum === undefined) throw new StatusError(`${path}: absent, expected a copy`, { reason: 'Failed' });
  return sum;
}

function removal(path: string): Action {
  return {
    do: 'work',
    what: `remove ${path}, which nothing needs any more`,
    perform: (host) => host.files.remove(path),
    change: { what: path, from: 'kept by an earlier operation' },
  };
}
