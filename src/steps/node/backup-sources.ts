// Which files of the host a backup holds.
import type { Host } from '../host/host.ts';
import type { HostLayout } from './layout.ts';
import { KUBEADM_FOLDER } from './retention.ts';

export interface BackupSource {
  path: string;
  size: number;
  mode: number;
  uid: number;
  gid: number;
}

const FOLDERS = ['/etc/kubernetes', '/etc/containerd'];
const KUBELET_FILES = ['config.yaml', 'kubeadm-flags.env', 'instance-config.yaml'].map(
  (name) => `/var/lib/kubelet/${name}`,
);

/**
 * By path, sorted, each once. What a link leads to counts as lying at the link, so that all of it comes along; what is no
 * file (sockets) and links that lead nowhere do not. Errors: StatusError Failed.
 */
export async function findBackupSources(host: Host, layout: HostLayout): Promise<BackupSource[]> {
  const { kubelet, kubeadm, kubectl, containerd } = layout;
  const programs = [kubelet, kubeadm, kubectl, containerd].filter((path) => path !== undefined);
  const settings = [...layout.kubeletFlagFiles, ...layout.kubeletUnitFiles];
  const seen = new Set<string>();
  const found = new Map<string, BackupSource>();
  for (const path of [...FOLDERS, ...KUBELET_FILES, ...settings, ...programs]) {
    for (const source of await walk(host, path, seen)) found.set(source.path, source);
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function walk(host: Host, path: string, seen: Set<string>): Promise<BackupSource[]> {
  // It holds what kubeadm saved, copies of etcd's data among it.
  if (path === KUBEADM_FOLDER) return [];
  const real = await host.files.resolve(path);
  const status = real === undefined ? undefined : await host.files.status(real);
  if (real === undefined || status === undefined) return [];
  const { kind, size, mode, uid, gid } = status;
  if (kind === 'file') return [{ path, size, mode, uid, gid }];
  // A link may lead back to a folder above it.
  if (kind !== 'folder' || seen.has(real)) return [];
  seen.add(real);
  const inside: BackupSource[] = [];
  for (const name of await host.files.list(path)) inside.push(...(await walk(host, `${path}/${name}`, seen)));
  return inside;
}
