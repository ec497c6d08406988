import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { Io } from './io.ts';

/** The streams and files of this process. */
export function processIo(): Io {
  const { stdout, stderr, env, argv } = process;
  // Absent when it is none, whatever its type says.
  const [isTerminal, isErrTerminal] = [Boolean(stdout.isTTY), Boolean(stderr.isTTY)];
  return {
    out: (line) => void stdout.write(line),
    err: (line) => void stderr.write(line),
    isTerminal,
    isErrTerminal,
    hasColour: isTerminal && wantsColour(env),
    readFile: (file) => (file === '-' ? text(process.stdin) : readFile(file, 'utf8')),
    // kubectl finds its plugins by this name.
    ...(path.parse(argv[1] ?? '').name === 'kubectl-refit' ? { programName: 'kubectl refit' } : {}),
  };
}

/** no-color.org: an empty value says nothing. */
export function wantsColour(env: NodeJS.ProcessEnv): boolean {
  return !env['NO_COLOR'] && env['TERM'] !== 'dumb';
}
