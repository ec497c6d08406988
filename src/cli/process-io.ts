import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Io } from './io.ts';

/** The streams and files of this process. */
export function processIo(): Io {
  return {
    out: (line) => void process.stdout.write(line),
    err: (line) => void process.stderr.write(line),
    isTerminal: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    readFile: (path) => (path === '-' ? text(process.stdin) : readFile(path, 'utf8')),
  };
}
