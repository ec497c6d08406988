import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { takeRecordings } from './take-recordings.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'refit-recordings-'));
  write('fixtures/by-hand/01-updatemachine-refit-cp-2f546.json', 'by hand');
  write('fixtures/discovery/01-discovery.json', 'old');
  write('fixtures/workers/01-updatemachine-machine-1.json', 'old');
  write('fixtures/workers/02-updatemachine-machine-2.json', 'old');
  write('fixtures/renamed/01-canupdatemachineset-machineset-1.json', 'old');
  write('recorded/discovery/01-discovery.json', 'new');
  write('recorded/workers/01-updatemachine-machine-1.json', 'new');
});
afterEach(() => rmSync(folder, { recursive: true }));

it('replaces what was recorded of the same stories', () => {
  expect(take(false)).toEqual(['discovery: 1 requests', 'workers: 1 requests']);
  expect(fixtures()).toEqual([
    'by-hand/01-updatemachine-refit-cp-2f546.json: by hand',
    'discovery/01-discovery.json: new',
    'renamed/01-canupdatemachineset-machineset-1.json: old',
    'workers/01-updatemachine-machine-1.json: new',
  ]);
});

it('removes stories that a whole run did not have, never what it does not record', () => {
  expect(take(true)).toContain('renamed: removed, no story has this name any more');
  expect(fixtures()).toEqual([
    'by-hand/01-updatemachine-refit-cp-2f546.json: by hand',
    'discovery/01-discovery.json: new',
    'workers/01-updatemachine-machine-1.json: new',
  ]);
});

it('makes the folder of a new version of Cluster API', () => {
  rmSync(path.join(folder, 'fixtures'), { recursive: true });
  take(true);
  expect(fixtures()).toHaveLength(2);
});

function take(isWhole: boolean): string[] {
  return takeRecordings(path.join(folder, 'recorded'), path.join(folder, 'fixtures'), isWhole);
}

function fixtures(): string[] {
  const cwd = path.join(folder, 'fixtures');
  const files = globSync('*/*.json', { cwd }).sort();
  return files.map((file) => `${file}: ${readFileSync(path.join(cwd, file), 'utf8')}`);
}

function write(name: string, content: string): void {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), content);
}
