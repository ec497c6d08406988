// What the step `configure` has begun, by its undo journal, and what makes a way back effective.
import { undoFolder } from '../host/folders.ts';
import type { Argv, Host } from '../host/host.ts';
import { isAsBefore, readEntries, type FileEntry } from '../host/undo-entries.ts';
import { DAEMON_RELOAD, isContainerd, isSysctl, isUnit, RESTART_CONTAINERD } from './configure-effects.ts';
import {
  endCommand,
  isChangedSince,
  readersOf,
  readStaticPods,
  staticPodProcess,
  type Process,
} from './static-pod-processes.ts';
import type { StaticPodName } from './static-pods.ts';

/** Those of the paths that an attempt before this one has changed, or was about to. */
export async function begunPaths(host: Host, operation: string, paths: readonly string[]): Promise<string[]> {
  const entries = await journal(host, operation);
  const begun: string[] = [];
  for (const path of paths) {
    const real = await host.files.resolve(path);
    if (entries.some((entry) => entry.path === real)) begun.push(path);
  }
  return begun;
}

/** Run when the files are as before again. Static pods that have read what is taken back are named by their process now. */
export async function restoreEffects(host: Host, operation: string): Promise<Argv[]> {
  const entries = await journal(host, operation);
  const paths = entries.map(({ path }) => path);
  const pods = await readStaticPods(host);
  const readers = new Map<StaticPodName, Process>();
  for (const entry of entries) {
    if (await isAsBefore(host, entry)) continue;
    for (const name of readersOf(pods, entry.path)) {
      const running = await staticPodProcess(host, name);
      if (running && !(await isChangedSince(host, entry.path, running.startedAt))) readers.set(name, running);
    }
  }
  return [
    // All files: the one that is taken back may be gone.
    ...(paths.some(isSysctl) ? [['sysctl', '--system'] as const] : []),
    ...(paths.some(isUnit) ? [DAEMON_RELOAD] : []),
    ...(paths.some(isContainerd) ? [RESTART_CONTAINERD] : []),
    ...[...readers.values()].map(endCommand),
  ];
}

async function journal(host: Host, operation: string): Promise<FileEntry[]> {
  const entries = (await readEntries(host, undoFolder(operation, 'configure'))) ?? [];
  return entries.filter((entry) => entry.was !== 'no folder');
}
