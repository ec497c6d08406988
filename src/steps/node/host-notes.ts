// What people should know of this host; nothing of it stops an operation.
import { member, parseJson, type JsonValue } from '../../api/json.ts';
import { LOCK_FILE } from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import { note, type Finding } from './findings.ts';
import { kubeadmFiles } from './kubeadm-files.ts';
import type { KubeletConfiguration } from './kubelet-configuration.ts';
import { readNodeRecord } from './node-record.ts';

/** What image-builder says of an image, and nothing keeps up to date. */
const VERSION_FILE = '/etc/kubernetes-version';

export interface NoteFacts {
  /** Content of the lock file; undefined: no operation holds this host. */
  lock: string | undefined;
  isRebootPending: boolean;
  /** Content of VERSION_FILE. */
  versionFile: string | undefined;
  /** What kubeadm wrote, and is not any more as the last operation left it. */
  changedFiles: readonly string[];
  isSwapOn: boolean;
  failSwapOn: boolean | undefined;
}

/** Errors: StatusError Failed. */
export async function inspectNotes(host: Host, { failSwapOn }: KubeletConfiguration): Promise<NoteFacts> {
  const text = async (path: string): Promise<string | undefined> =>
    (await host.files.read(path))?.toString().trim();
  return {
    lock: await text(LOCK_FILE),
    isRebootPending: (await host.files.status('/run/reboot-required')) !== undefined,
    versionFile: await text(VERSION_FILE),
    changedFiles: await changedFiles(host),
    // One line is the heading.
    isSwapOn: ((await text('/proc/swaps')) ?? '').includes('\n'),
    failSwapOn,
  };
}

export function noteFindings(
  facts: NoteFacts,
  plan: { operation: string; kubernetes: string },
): readonly Finding[] {
  const { lock, versionFile } = facts;
  const holder = lock === undefined ? plan.operation : lockHolder(lock);
  const isStale = versionFile !== undefined && versionFile !== plan.kubernetes;
  const texts = [
    ...facts.changedFiles.map(
      (path) => `${path}: changed since the last operation: kubeadm may write it anew, without that change`,
    ),
    holder !== plan.operation &&
      `${LOCK_FILE}: held by ${holder ?? 'an operation that it does not name'}: nothing is done before that one ends`,
    facts.isRebootPending && 'a reboot of this machine is pending (/run/reboot-required)',
    isStale && `${VERSION_FILE}: says ${versionFile} and will go on to say so: nothing keeps it up to date`,
    facts.isSwapOn &&
      facts.failSwapOn !== false &&
      'swap is on, which the kubelet configuration does not allow (failSwapOn)',
  ];
  return texts.filter((text) => text !== false).map(note);
}

async function changedFiles(host: Host): Promise<string[]> {
  const left = (await readNodeRecord(host))?.kubeadmFiles ?? {};
  const found = await kubeadmFiles(host);
  return Object.keys(left).filter((path) => found[path] !== left[path]);
}

function lockHolder(lock: string): string | undefined {
  const operation = member(parseJson(lock) as JsonValue | undefined, 'operation');
  return typeof operation === 'string' ? operation : undefined;
}
