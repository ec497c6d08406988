// What a lab leaves in its folder, and how it goes: by the lab, by a shell when the lab is killed, or by the next one.
import { spawn } from 'node:child_process';
import { readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { eventually } from '../helpers/eventually.ts';
import type { FolderLayout } from './folder.ts';

/** The list of processes goes last: as long as it is there, somebody has to look at them. */
function remains({ data, kubeconfig, socket, processes }: FolderLayout): string[] {
  return [data, kubeconfig, socket, processes];
}

export function removeAll(layout: FolderLayout): void {
  for (const file of remains(layout)) rmSync(file, { recursive: true, force: true });
  try {
    rmdirSync(layout.root);
  } catch {
    // Its logs are there.
  }
}

/** The other processes end first (daemon.ts): one that still writes would leave something behind. */
const ONCE_STDIN_ENDS = 'read -r _; sleep 1; rm -rf -- "$@"; rmdir -- "$0"';

/** A shell that removes all when this process is gone. */
export function removeWhenWeEnd(layout: FolderLayout): { pid: number | undefined; cancel(): void } {
  const shell = spawn('sh', ['-c', ONCE_STDIN_ENDS, layout.root, ...remains(layout)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  return { pid: shell.pid, cancel: () => void shell.kill('SIGKILL') };
}

/** For `removeLeftovers`. */
export function noteProcesses(layout: FolderLayout, pids: readonly (number | undefined)[]): void {
  const temporary = `${layout.processes}.next`;
  writeFileSync(temporary, JSON.stringify(pids.filter((pid) => pid !== undefined)), { mode: 0o600 });
  renameSync(temporary, layout.processes);
}

const ENDING_SECONDS = 10;

/**
 * After a lab that was killed: waits until its processes have ended, and removes what it left. Must not be called while
 * one runs. Returns whether there was something. Errors: a process that does not end.
 */
export async function removeLeftovers(layout: FolderLayout): Promise<boolean> {
  const pids = notedProcesses(layout);
  if (pids === undefined) return false;
  const left = () => pids.filter((pid) => belongsTo(layout, pid));
  await eventually(
    `the processes of the lab in ${layout.root} ended`,
    () => left().length === 0 || `process ${left().join(', ')} still runs`,
    ENDING_SECONDS,
  );
  removeAll(layout);
  return true;
}

function notedProcesses(layout: FolderLayout): number[] | undefined {
  try {
    return JSON.parse(readFileSync(layout.processes, 'utf8')) as number[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** A number may be another program's by now: each of ours has the folder among its arguments. */
function belongsTo(layout: FolderLayout, pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(layout.root);
  } catch {
    return false;
  }
}
