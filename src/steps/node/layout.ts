// Where things lie on this machine, read from what runs: never assumed.
import { dirname } from 'node:path';
import { StatusError } from '../../api/errors.ts';
import type { Host } from '../host/host.ts';
import { DEFAULT_CNI_FOLDER, inspectContainerd, type ContainerdLayout } from './containerd-layout.ts';
import { readKubeletConfiguration } from './kubelet-configuration.ts';
import { parseFlagFile } from './kubelet-flags.ts';
import { MANIFESTS_FOLDER } from './static-pods.ts';
import { inspectUnit } from './unit.ts';

export interface HostLayout {
  /** ID and VERSION_ID of /etc/os-release. */
  os: { id: string; like: readonly string[]; version: string };
  /** Programs by their real path: from the running unit's ExecStart, the others beside it or on its PATH. */
  kubelet: string;
  kubeadm: string;
  /** Absent on nodes that never had it. */
  kubectl: string | undefined;
  /** undefined: another runtime. */
  containerd: string | undefined;
  /** Folder of the CNI plugins. */
  cniFolder: string;
  /** Every place that gives the kubelet flags: kubeadm-flags.env, /etc/default/kubelet, unit and drop-ins; those that exist. */
  kubeletFlagFiles: readonly string[];
  /** Unit file and drop-ins of the kubelet. */
  kubeletUnitFiles: readonly string[];
  role: 'control-plane' | 'worker';
}

/** systemd's own PATH for units. */
const PROGRAM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Errors: StatusError Failed naming what was not found where. */
export async function inspectLayout(host: Host): Promise<HostLayout> {
  const unit = await inspectUnit(host, 'kubelet');
  if (unit.program === undefined || !unit.program.endsWith('/kubelet')) {
    throw absent('kubelet', `${unit.program ?? 'no program'} in ExecStart of kubelet.service`);
  }
  const kubelet = await host.files.resolve(unit.program);
  if (kubelet === undefined) throw absent('kubelet', `no file ${unit.program}, which ExecStart names`);
  const folders = [...new Set([dirname(unit.program), dirname(kubelet), ...PROGRAM_FOLDERS])];
  const kubeadm = await findProgram(host, 'kubeadm', folders);
  if (kubeadm === undefined) throw absent('kubeadm', `none in ${folders.join(', ')}`);
  const flagFiles = await existing(host, [...unit.environmentFiles, ...unit.files]);
  const containerd = (await usesContainerd(host, flagFiles)) ? await inspectContainerd(host) : undefined;
  return {
    os: parseOsRelease((await host.files.read('/etc/os-release'))?.toString() ?? ''),
    kubelet,
    kubeadm,
    kubectl: await findProgram(host, 'kubectl', folders),
    containerd: containerd?.program,
    cniFolder: await cniFolder(host, containerd),
    kubeletFlagFiles: flagFiles,
    kubeletUnitFiles: await existing(host, unit.files),
    role: await nodeRole(host),
  };
}

export function parseOsRelease(text: string): HostLayout['os'] {
  const value = (name: string): string =>
    (new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '').trim().replace(/^(["'])(.*)\1$/, '$2');
  return { id: value('ID'), like: value('ID_LIKE').split(' ').filter(Boolean), version: value('VERSION_ID') };
}

/** Either is missing for a moment while kubeadm replaces it. */
async function nodeRole(host: Host): Promise<HostLayout['role']> {
  const marks = [`${MANIFESTS_FOLDER}/kube-apiserver.yaml`, '/etc/kubernetes/pki/apiserver.crt'];
  return (await existing(host, marks)).length > 0 ? 'control-plane' : 'worker';
}

/** A containerd may be there for others (Docker) while the kubelet uses another runtime. */
async function usesContainerd(host: Host, flagFiles: readonly string[]): Promise<boolean> {
  const endpoint = await runtimeEndpoint(host, flagFiles);
  return endpoint === undefined || endpoint.includes('containerd');
}

/** Where the kubelet reaches the container runtime. undefined: nothing says so. Errors: StatusError Failed. */
export async function runtimeEndpoint(host: Host, flagFiles: readonly string[]): Promise<string | undefined> {
  const texts = await Promise.all(
    flagFiles.map(async (path) => (await host.files.read(path))?.toString() ?? ''),
  );
  const flag = texts.flatMap(parseFlagFile).findLast(({ name }) => name === 'container-runtime-endpoint');
  return flag?.value ?? (await readKubeletConfiguration(host)).containerRuntimeEndpoint;
}

/** Of several folders the one that has the plugins; agents add theirs to the others. */
async function cniFolder(host: Host, containerd: ContainerdLayout | undefined): Promise<string> {
  const folders = [...(containerd?.cniFolders ?? []), DEFAULT_CNI_FOLDER];
  for (const folder of folders) {
    if (await host.files.status(`${folder}/loopback`)) return (await host.files.resolve(folder)) ?? folder;
  }
  return folders[0] ?? DEFAULT_CNI_FOLDER;
}

async function findProgram(
  host: Host,
  name: string,
  folders: readonly string[],
): Promise<string | undefined> {
  for (const folder of folders) {
    const path = await host.files.resolve(`${folder}/${name}`);
    if (path !== undefined) return path;
  }
  return undefined;
}

async function existing(host: Host, paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(paths.map((path) => host.files.status(path)));
  return paths.filter((_, index) => found[index] !== undefined);
}

function absent(name: string, got: string): StatusError {
  return new StatusError(`${name}: got ${got}, expected the program`, { reason: 'Failed' });
}
