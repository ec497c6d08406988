// The log file of a step: written by its unit line by line, followed by launches.
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { LineSink } from './systemd.ts';

export interface StepLogs {
  /** Appends. Each line is with the kernel when `write` returns: a killed process loses none. */
  open(file: string): LineSink;
  /** What follows the offset; nothing when there is no such file. */
  read(file: string, offset: number): Promise<Buffer>;
}

/** @param root before every path: tests have a folder for a machine */
export function createStepLogs(root = ''): StepLogs {
  return {
    open: (file) => {
      const real = `${root}${file}`;
      mkdirSync(path.dirname(real), { recursive: true, mode: 0o700 });
      const descriptor = openSync(real, 'a', 0o600);
      return {
        write: (line) => {
          try {
            writeSync(descriptor, `${line}\n`);
          } catch {
            // A full disk: what the step does is worth more than what it says.
          }
        },
        end: async () => closeSync(descriptor),
      };
    },
    read: async (file, offset) => {
      const handle = await open(`${root}${file}`, 'r').catch(() => undefined);
      if (handle === undefined) return Buffer.alloc(0);
      try {
        const { size } = await handle.stat();
        const buffer = Buffer.alloc(Math.max(0, size - offset));
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, offset);
        return buffer.subarray(0, bytesRead);
      } finally {
        await handle.close();
      }
    },
  };
}
