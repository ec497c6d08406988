#!/usr/bin/env node
// `refit`: argv in, exit code out.
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { run } from './run.ts';

process.exitCode = await run(process.argv.slice(2), {
  out: (line) => void process.stdout.write(line),
  err: (line) => void process.stderr.write(line),
  isTerminal: process.stdout.isTTY && process.env['NO_COLOR'] === undefined,
  readFile: (path) => (path === '-' ? text(process.stdin) : readFile(path, 'utf8')),
});
