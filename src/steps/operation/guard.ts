// Mutual exclusion between processes on this machine, by the kernel: a dead holder holds nothing.
import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';
import { StatusError } from '../../api/errors.ts';
import { STATE_FOLDER } from '../host/folders.ts';

/** Its content means nothing. */
export const GUARD_FILE = `${STATE_FOLDER}/.guard`;

export interface Guard {
  /**
   * Does the work while no other process does such work; not nestable. Errors: those of the work; StatusError
   * Unavailable when the guard cannot be had in time.
   */
  hold<T>(work: () => Promise<T>): Promise<T>;
}

/** What is done under the guard is a few requests to systemd. */
const WAIT_MS = 120_000;

/**
 * By flock(2) on a file, through the program of util-linux, which every host has: Node cannot. `cat` ends with our end of
 * its pipe, however we end, and the lock ends with it.
 */
export function createGuard(file: string): Guard {
  return {
    hold: async (work) => {
      const release = await acquire(file);
      try {
        return await work();
      } finally {
        await release();
      }
    },
  };
}

async function acquire(file: string): Promise<() => Promise<void>> {
  // Else flock makes it, readable for all.
  await open(file, 'a', 0o600).then(
    (handle) => handle.close(),
    () => undefined,
  );
  const child = spawn('flock', ['-x', file, 'cat'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return new Promise((resolve, reject) => {
    const fail = (problem: string): void => {
      clearTimeout(timer);
      reject(new StatusError(`flock ${file}: ${problem}`, { reason: 'Unavailable' }));
    };
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`held by another process for ${WAIT_MS / 1000} s`);
    }, WAIT_MS);
    child.once('error', (error) => fail(error.message));
    child.once('close', (code) => fail(`ended with ${code ?? 'a signal'} before the lock was had`));
    child.stdin.on('error', () => undefined);
    // The echo says that cat runs, so that the lock is ours.
    child.stdin.write('\n');
    child.stdout.once('data', () => {
      clearTimeout(timer);
      resolve(async () => {
        child.stdin.end();
        await closed;
      });
    });
  });
}
