import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { placeProgram } from '../../../../src/steps/launcher/enter/place-program.ts';
import { prunePrograms } from '../../../../src/steps/launcher/enter/prune-programs.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
let folder: string;
let image: string;
let state: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'refit-program-'));
  [image, state] = [path.join(folder, 'image'), path.join(folder, 'state')];
  mkdirSync(image);
  mkdirSync(state, { mode: 0o755 });
  writeFileSync(path.join(image, 'node'), '#!/bin/sh\necho "ran $@"\n', { mode: 0o755 });
  writeFileSync(path.join(image, 'refit.js'), 'one');
});
afterEach(() => rmSync(folder, { recursive: true }));

const mode = (file: string): number => statSync(file).mode & 0o777;

describe('placeProgram', () => {
  it('brings every file to a folder of its content, for root alone', async () => {
    writeFileSync(path.join(image, '42.index.js'), 'part');
    const { folder: placed, copiedBytes } = await placeProgram(image, state, NOW);
    expect(path.dirname(placed)).toBe(path.join(state, 'program'));
    expect(readdirSync(placed)).toEqual(['42.index.js', 'node', 'refit.js']);
    expect(readFileSync(path.join(placed, 'refit.js'), 'utf8')).toBe('one');
    expect(copiedBytes).toBe(4 + 3 + readFileSync(path.join(image, 'node')).length);
    expect([state, placed, path.join(placed, 'node')].map(mode)).toEqual([0o700, 0o700, 0o700]);
  });

  it('copies nothing twice', async () => {
    const first = await placeProgram(image, state, NOW);
    expect(await placeProgram(image, state, NOW)).toEqual({ folder: first.folder, copiedBytes: 0 });
  });

  it('finds a file that was cut off, and replaces it beside a process that runs it', async () => {
    const { folder: placed } = await placeProgram(image, state, NOW);
    writeFileSync(path.join(placed, 'node'), '#!/bin/sh\n');
    const before = statSync(path.join(placed, 'node')).ino;
    const { copiedBytes } = await placeProgram(image, state, NOW);
    expect(copiedBytes).toBe(readFileSync(path.join(image, 'node')).length);
    expect(statSync(path.join(placed, 'node')).ino).not.toBe(before);
  });

  it('keeps what an earlier release brought', async () => {
    const { folder: before } = await placeProgram(image, state, NOW);
    writeFileSync(path.join(image, 'refit.js'), 'two');
    const { folder: after } = await placeProgram(image, state, NOW);
    expect(after).not.toBe(before);
    expect(readFileSync(path.join(before, 'refit.js'), 'utf8')).toBe('one');
  });

  it('may be done several times at once', async () => {
    const all = await Promise.all([1, 2, 3].map(() => placeProgram(image, state, NOW)));
    expect(new Set(all.map((each) => each.folder)).size).toBe(1);
    expect(readdirSync(all[0]!.folder)).toEqual(['node', 'refit.js']);
    expect(readdirSync(state).sort()).toEqual(['program', 'refit']);
  });

  it('leaves a command for people', async () => {
    const { folder: placed } = await placeProgram(image, state, NOW);
    const said = execFileSync(path.join(state, 'refit'), ['host', 'status', 'a b'], { encoding: 'utf8' });
    expect(said).toBe(`ran ${placed}/refit.js host status a b\n`);
  });
});

describe('prunePrograms', () => {
  let programs: string;
  let proc: string;
  beforeEach(() => {
    [programs, proc] = [path.join(folder, 'state/program'), path.join(folder, 'proc')];
    for (const pid of ['1', '20', 'self']) mkdirSync(path.join(proc, pid), { recursive: true });
    for (const [index, name] of ['a', 'b', 'c', 'd'].entries()) {
      mkdirSync(path.join(programs, name), { recursive: true });
      utimesSync(path.join(programs, name), NOW, new Date(NOW.getTime() + index * 1000));
    }
  });

  it('keeps the two that were used last', async () => {
    expect((await prunePrograms(programs, proc)).map((each) => path.basename(each)).sort()).toEqual([
      'a',
      'b',
    ]);
    expect(readdirSync(programs)).toEqual(['c', 'd']);
  });

  it('keeps one that a process of the host runs from', async () => {
    symlinkSync(path.join(programs, 'a/node'), path.join(proc, '20/exe'));
    await prunePrograms(programs, proc);
    expect(readdirSync(programs)).toEqual(['a', 'c', 'd']);
  });

  it('reads the processes of this machine', async () => {
    expect(await prunePrograms(programs, '/proc')).toHaveLength(2);
  });
});
