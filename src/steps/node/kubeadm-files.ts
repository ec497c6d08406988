// What kubeadm writes on a node, and when it must write it again.
import { basename, dirname, join } from 'node:path/posix';
import type { HostPlan } from '../../api/host-plan.ts';
import { openUndo } from '../host/undo.ts';
import { readEntries, type FileEntry } from '../host/undo-entries.ts';
import { undoFolder } from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import { KUBELET_FLAGS_FILE } from './kubelet-arguments.ts';
import { KUBELET_CONFIGURATION_FILE } from './kubelet-configuration.ts';
import type { NodeRecord } from './node-record.ts';
import { manifestFile, STATIC_PODS } from './static-pods.ts';

const MANIFESTS = STATIC_PODS.map(manifestFile);
/** The last one holds what was in kubeadm-flags.env before (NodeLocalCRISocket). */
const KUBELET_FILES = [
  KUBELET_CONFIGURATION_FILE,
  KUBELET_FLAGS_FILE,
  '/var/lib/kubelet/instance-config.yaml',
];

export const isManifest = (path: string): boolean => MANIFESTS.includes(path);

/** sha256 of the static pods and the kubelet's configuration, by path: for the node's record. */
export async function kubeadmFiles(host: Host): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const path of [...MANIFESTS, KUBELET_CONFIGURATION_FILE]) {
    const sha256 = await host.files.sha256(path);
    if (sha256 !== undefined) digests[path] = sha256;
  }
  return digests;
}

/** Why kubeadm must run on a node whose last operation left this record; empty: it has nothing to do. Pure. */
export function reasonsToRun(
  plan: Pick<HostPlan, 'hash' | 'kubernetes' | 'desiredSha256'>,
  record: NodeRecord | undefined,
  files: Readonly<Record<string, string>>,
): string[] {
  if (!record) return ['no operation has ended well on this node'];
  const { kubernetes, hash, desiredSha256 } = record;
  const changed = Object.entries(record.kubeadmFiles).filter(([path, sha256]) => files[path] !== sha256);
  return [
    ...(kubernetes === plan.kubernetes ? [] : [`from ${kubernetes} to ${plan.kubernetes}`]),
    // Without a hash somebody uses the step by hand: versions and files say enough.
    ...(plan.hash === '' || hash === plan.hash ? [] : ['another desired state']),
    ...(desiredSha256 === plan.desiredSha256 ? [] : ['another desired configuration']),
    ...changed.map(([path]) => `${path} is not as the last operation left it`),
  ];
}

/** Into the step's undo journal: kubeadm changes them by itself. What was kept before, perhaps before a kill, stays. */
export async function keepKubeadmFiles(host: Host, operation: string): Promise<void> {
  const journal = openUndo(host, operation, 'kubeadm');
  for (const path of [...MANIFESTS, ...KUBELET_FILES]) await journal.save(path, { what: path });
}

/**
 * kubeadm moves a manifest away before it moves the next one in. Ended just between, it would leave none, and without the
 * API server's it would take this node for a worker. Gives the paths that were put back.
 */
export async function putBackMissingManifests(host: Host, operation: string): Promise<string[]> {
  const folder = undoFolder(operation, 'kubeadm');
  const putBack: string[] = [];
  for (const entry of await kept(host, operation)) {
    if (entry.was !== 'file' || !isManifest(entry.name)) continue;
    if ((await host.files.status(entry.path)) !== undefined) continue;
    const { copy, mode, uid, gid, sha256, path } = entry;
    await host.files.copy(`${folder}/${copy}`, path, { mode, owner: `${uid}:${gid}`, sha256 });
    putBack.push(entry.name);
  }
  return putBack;
}

/** What of it is not as it was when the step began; empty also when kubeadm has not been started. */
export async function changedByKubeadm(host: Host, operation: string): Promise<string[]> {
  const changed: string[] = [];
  for (const entry of await kept(host, operation)) {
    const before = entry.was === 'file' ? entry.sha256 : undefined;
    if ((await host.files.sha256(entry.path)) !== before) changed.push(entry.name);
  }
  return changed;
}

/** Whatever else the step has changed is in the same journal, all under their real paths. */
async function kept(host: Host, operation: string): Promise<(FileEntry & { name: string })[]> {
  const entries = (await readEntries(host, undoFolder(operation, 'kubeadm'))) ?? [];
  const found: (FileEntry & { name: string })[] = [];
  for (const name of [...MANIFESTS, ...KUBELET_FILES]) {
    const folder = (await host.files.resolve(dirname(name))) ?? dirname(name);
    const path = (await host.files.resolve(name)) ?? join(folder, basename(name));
    const entry = entries.find((candidate) => candidate.path === path);
    if (entry && entry.was !== 'no folder') found.push({ ...entry, name });
  }
  return found;
}
