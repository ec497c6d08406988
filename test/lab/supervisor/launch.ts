// Starts a lab in a process of its own.
import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectLab, isLabRunning, type LabClient } from '../connect.ts';
import { createFolder, type FolderLayout, folderLayout } from '../folder.ts';
import type { ArgoSettings } from '../processes/names.ts';
import { removeLeftovers } from '../remains.ts';

export interface LaunchOptions {
  folder: string;
  logs?: string;
  argo?: ArgoSettings;
  record?: string;
  /** It goes on when this process ends. */
  stays: boolean;
  log: (line: string) => void;
}

/** What a supervisor tells the one that started it. */
export type Told = { line: string } | { ready: true } | { failed: string };

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const TAIL_LINES = 20;

/** Errors: a lab runs in that folder; what failed, and why, then nothing is left but logs. */
export async function launchLab(options: LaunchOptions): Promise<LabClient> {
  const { folder, logs, argo, record, stays, log } = options;
  const layout = folderLayout(folder, logs);
  if (await isLabRunning(folder)) throw new Error(`a lab runs in ${layout.root}: npm run lab:stop ends it`);
  await removeLeftovers(layout);
  rmSync(layout.logs, { recursive: true, force: true });
  createFolder(layout);
  const flags = { folder: layout.root, logs: layout.logs, argo, record };
  const given = Object.entries(flags).filter(([, value]) => value !== undefined);
  const supervisor = forked(
    layout,
    given.map(([flag, value]) => `--${flag}=${value}`),
  );
  await readiness(supervisor, layout, log);
  if (stays) {
    supervisor.send('stay');
    supervisor.disconnect();
    supervisor.unref();
  }
  return connectLab(folder);
}

function forked(layout: FolderLayout, args: string[]): ChildProcess {
  const log = openSync(supervisorLog(layout), 'a', 0o600);
  const supervisor = fork(MAIN, args, {
    // Away from the terminal's Ctrl-C, so that it lives long enough to clean up.
    detached: true,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', log, log, 'ipc'],
  });
  closeSync(log);
  return supervisor;
}

function readiness(supervisor: ChildProcess, layout: FolderLayout, log: (line: string) => void) {
  return new Promise<void>((resolve, reject) => {
    supervisor.once('error', reject);
    supervisor.once('exit', (code, signal) => {
      const lines = readFileSync(supervisorLog(layout), 'utf8').trimEnd().split('\n');
      reject(new Error(`supervisor ended with ${code ?? signal}:\n${lines.slice(-TAIL_LINES).join('\n')}`));
    });
    supervisor.on('message', (told: Told) => {
      if ('line' in told) log(told.line);
      else if ('ready' in told) resolve();
      else reject(new Error(told.failed));
    });
  });
}

function supervisorLog({ logs }: FolderLayout): string {
  return path.join(logs, 'supervisor.log');
}
