// Room for everything that an operation writes, looked for before anything is touched.
import { dirname } from 'node:path';
import { backupFolder, stageFolder } from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import { refusal, type Finding } from './findings.ts';
import { mountOf, readMounts } from './mounts.ts';
import type { StepContext } from './node-step.ts';
import { componentFile } from './staged.ts';
import { readStaticPod } from './static-pods.ts';

/** Bytes that must be free below a path, and what for. */
export interface SpaceNeed {
  path: string;
  bytes: number;
  purpose: string;
}

export interface FileSystemSpace {
  mountPoint: string;
  freeBytes: number;
  freeInodes: number;
  needs: readonly SpaceNeed[];
}

const GIB = 2 ** 30;
const IMAGE_BYTES = 2 * GIB;
const LEAST_INODES = 10_000;

/** `containerdData`: undefined when no new images come. Errors: StatusError Failed. */
export async function spaceNeeds(
  host: Host,
  context: StepContext,
  containerdData: string | undefined,
): Promise<readonly SpaceNeed[]> {
  const { plan } = context;
  const needs: SpaceNeed[] = [
    {
      path: stageFolder(plan.release),
      bytes: Math.ceil((await unstagedBytes(host, context)) * 1.1),
      purpose: 'staged components',
    },
  ];
  if (containerdData !== undefined) {
    needs.push({ path: containerdData, bytes: IMAGE_BYTES, purpose: 'images' });
  }
  const dataFolder = (await readStaticPod(host, 'etcd'))?.flags.get('data-dir');
  if (dataFolder === undefined) return needs;
  const database = (await host.files.status(`${dataFolder}/member/snap/db`))?.size ?? 0;
  const data = await folderBytes(host, dataFolder);
  return [
    ...needs,
    // kubeadm copies the whole folder before it touches etcd.
    { path: '/etc/kubernetes/tmp', bytes: Math.ceil(data * 1.5), purpose: "kubeadm's copy of etcd" },
    { path: backupFolder(plan.operation), bytes: database, purpose: 'the etcd snapshot' },
  ];
}

/** Which needs fall together is decided by where each path is, or will be made. Errors: StatusError Failed. */
export async function inspectSpace(
  host: Host,
  needs: readonly SpaceNeed[],
): Promise<readonly FileSystemSpace[]> {
  const mounts = await readMounts(host);
  const found = new Map<string, FileSystemSpace>();
  for (const need of needs) {
    const place = await existingPlace(host, need.path);
    const mountPoint = mountOf(mounts, place)?.point ?? '/';
    const known = found.get(mountPoint) ?? { mountPoint, ...(await host.files.space(place)), needs: [] };
    found.set(mountPoint, { ...known, needs: [...known.needs, need] });
  }
  return [...found.values()];
}

export function spaceFindings(fileSystems: readonly FileSystemSpace[]): readonly Finding[] {
  return fileSystems.flatMap(({ mountPoint, freeBytes, freeInodes, needs }) => {
    const needed = needs.reduce((sum, { bytes }) => sum + bytes, 0);
    const list = needs
      .filter(({ bytes }) => bytes > 0)
      .map(({ path, bytes, purpose }) => `${gibibytes(bytes)} in ${path} for ${purpose}`)
      .join(', ');
    const found: Finding[] = [];
    if (freeBytes < needed) {
      const got = `got ${gibibytes(freeBytes)} free, expected ${gibibytes(needed)}`;
      found.push(refusal(`file system ${mountPoint}: ${got} (${list}): make room`));
    }
    if (freeInodes < LEAST_INODES) {
      const got = `got ${freeInodes} free inodes, expected ${LEAST_INODES}`;
      found.push(refusal(`file system ${mountPoint}: ${got}: remove files`));
    }
    return found;
  });
}

/** What an earlier operation has staged takes no more. */
async function unstagedBytes(host: Host, { plan, components }: StepContext): Promise<number> {
  let bytes = 0;
  for (const file of components?.files ?? []) {
    const staged = await host.files.status(componentFile(stageFolder(plan.release), file));
    if (staged?.size !== file.size) bytes += file.size;
  }
  return bytes;
}

/** Of all files below it. */
export async function folderBytes(host: Host, folder: string): Promise<number> {
  let bytes = 0;
  for (const name of await host.files.list(folder)) {
    const path = `${folder}/${name}`;
    const status = await host.files.status(path);
    if (status?.kind === 'folder') bytes += await folderBytes(host, path);
    else bytes += status?.size ?? 0;
  }
  return bytes;
}

async function existingPlace(host: Host, path: string): Promise<string> {
  return (await host.files.resolve(path)) ?? (path === '/' ? path : existingPlace(host, dirname(path)));
}

export const gibibytes = (bytes: number): string => `${(bytes / GIB).toFixed(2)} GiB`;
