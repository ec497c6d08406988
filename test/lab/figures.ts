// out/lab.json: figures of several programs, each of which writes its own.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StoryResult } from '../helpers/story-results.ts';

const FILE = fileURLToPath(new URL('../../out/lab.json', import.meta.url));

interface Figures {
  stories?: StoryResult[];
  fleet?: object;
  [other: string]: unknown;
}

export function readFigures(): Figures {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Figures) : {};
}

/** Keeps the other keys; numbers with two decimals. */
export function writeFigures(figures: object): void {
  const rounded = (_: string, value: unknown) =>
    typeof value === 'number' ? Math.round(value * 100) / 100 : value;
  mkdirSync(path.dirname(FILE), { recursive: true });
  writeFileSync(`${FILE}.next`, `${JSON.stringify({ ...readFigures(), ...figures }, rounded, 2)}\n`);
  renameSync(`${FILE}.next`, FILE);
}
