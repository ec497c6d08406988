import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { Io } from './io.ts';

/** The streams and files of this process. */
export function processIo(): Io {
  return {
    out: (line) => void process.stdout.write(line),
    err: (line) => void process.stderr.write(line),
    isTerminal: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
    readFile: (file) => (file === '-' ? text(process.stdin) : readFile(file, 'utf8')),
    // kubectl finds its plugins by this name.
    ...(path.parse(process.argv[1] ?? '').name === 'kubectl-refit' ? { programName: 'kubectl refit' } : {}),
  };
}
