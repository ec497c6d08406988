import { execFileSync } from 'node:child_process';
import { mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findInTar } from '../../../src/cli/image/find-in-tar.ts';
import { layerBytes } from '../../../src/cli/image/layer.ts';
import { readTarHeader, tarHeader } from '../../../src/cli/image/tar.ts';
import {
  fileFrom,
  readTree,
  textFile,
  wholeTree,
  writeTree,
  type TreeEntry,
} from '../../../src/cli/image/tree.ts';
import { folder, remove } from './samples.ts';

const LONG = `usr/share/${'long/'.repeat(30)}näme`;

let temporary = '';
beforeEach(async () => {
  temporary = await folder();
});
afterEach(() => remove(temporary));

async function bytes(entries: readonly TreeEntry[]): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of layerBytes(wholeTree(entries))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* chunksOf(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

describe('a layer', () => {
  const entries: TreeEntry[] = [
    textFile(LONG, 'deep\n'),
    { path: 'link', kind: 'link', to: LONG },
    { path: 'tmp', kind: 'folder', mode: 0o1777 },
    textFile('empty', ''),
    textFile('bin/program', 'x'.repeat(512), 0o755),
  ];

  it('is what tar reads', async () => {
    await writeFile(path.join(temporary, 'layer.tar'), await bytes(entries));
    await mkdir(path.join(temporary, 'out'));
    execFileSync('tar', ['-xpf', 'layer.tar', '-C', 'out'], { cwd: temporary });
    const out = (file: string): string => path.join(temporary, 'out', file);
    expect(await readFile(out(LONG), 'utf8')).toBe('deep\n');
    expect(await readlink(out('link'))).toBe(LONG);
    expect((await stat(out('tmp'))).mode & 0o7777).toBe(0o1777);
    expect(await stat(out('bin/program'))).toMatchObject({ size: 512, mtimeMs: 0 });
    expect((await stat(out('bin/program'))).mode & 0o777).toBe(0o755);
    expect((await stat(out('empty'))).size).toBe(0);
  });

  it('belongs to root', async () => {
    await writeFile(path.join(temporary, 'layer.tar'), await bytes(entries));
    const list = execFileSync('tar', ['--numeric-owner', '-tvf', 'layer.tar'], {
      cwd: temporary,
      encoding: 'utf8',
    });
    const owners = list
      .trimEnd()
      .split('\n')
      .map((line) => line.split(/\s+/)[1]);
    expect(new Set(owners)).toEqual(new Set(['0/0']));
  });

  it('is the same whatever the order is', async () => {
    expect((await bytes(entries.toReversed())).equals(await bytes(entries))).toBe(true);
  });

  it.each([
    ['grows', 'much longer than it was'],
    ['shrinks', 's'],
  ])('is refused when a file %s meanwhile', async (_, content) => {
    const file = path.join(temporary, 'file');
    await writeFile(file, 'as it was');
    const entry = await fileFrom('file', file, 0o644);
    await writeFile(file, content);
    await expect(bytes([entry])).rejects.toMatchObject({
      reason: 'Failed',
      message: `${file}: got another size than 9 bytes: it is being written`,
    });
  });
});

describe('a file in a tar stream', () => {
  it.each([1, 7, 511, 512, 513, 100_000])('is found in chunks of %d bytes', async (size) => {
    const content = await bytes([
      textFile('a/wanted', 'content\n'),
      textFile(LONG, 'b'),
      textFile('z', 'c'.repeat(600)),
    ]);
    expect((await findInTar(chunksOf(content, size), 'a/wanted', 'layer'))?.toString()).toBe('content\n');
    expect((await findInTar(chunksOf(content, size), 'z', 'layer'))?.length).toBe(600);
    expect(await findInTar(chunksOf(content, size), 'wanted', 'layer')).toBeUndefined();
  });

  it.each(['gnu', 'ustar', 'pax', 'v7'])('is found in what tar --format=%s makes', async (format) => {
    await mkdir(path.join(temporary, 'opt'));
    await writeFile(path.join(temporary, 'opt/wanted'), 'content\n');
    const argv = ['-c', `--format=${format}`, '-f', '-', './opt'];
    const content = execFileSync('tar', argv, { cwd: temporary });
    expect((await findInTar(chunksOf(content, 4096), 'opt/wanted', 'layer'))?.toString()).toBe('content\n');
  });

  it('is no folder of that name', async () => {
    const content = await bytes([{ path: 'wanted', kind: 'folder', mode: 0o755 }]);
    expect(await findInTar(chunksOf(content, 512), 'wanted/', 'layer')).toBeUndefined();
  });

  it('is at most 1 MiB', async () => {
    const content = await bytes([textFile('wanted', 'x'.repeat(2 ** 20 + 1))]);
    await expect(findInTar(chunksOf(content, 65_536), 'wanted', 'layer')).rejects.toMatchObject({
      reason: 'BadInput',
      message: 'layer: wanted: got 1048577 bytes, expected at most 1048576',
    });
  });

  it('is not looked for in something else', async () => {
    await expect(findInTar(chunksOf(Buffer.alloc(2048, 'x'), 512), 'wanted', 'layer')).rejects.toMatchObject({
      reason: 'BadInput',
      message: 'layer: got something else, expected an uncompressed tar file',
    });
  });
});

describe('a header', () => {
  it('holds sizes below 8 GiB', () => {
    const size = 8 * 2 ** 30 - 1;
    const header = tarHeader({ name: 'big', type: 'file', mode: 0o644, size });
    expect(readTarHeader(header, 'archive')).toEqual({ name: 'big', size, isFile: true });
    expect(() => tarHeader({ name: 'big', type: 'file', mode: 0o644, size: size + 1 })).toThrow(
      'size of a file: got 8589934592 bytes, expected less than 8 GiB',
    );
  });
});

describe('a root folder', () => {
  it('is read without what a runtime makes itself', async () => {
    await mkdir(path.join(temporary, 'dev'));
    execFileSync('mkfifo', [path.join(temporary, 'dev/pipe')]);
    await writeFile(path.join(temporary, 'program'), 'p', { mode: 0o755 });
    await symlink('program', path.join(temporary, 'link'));
    const tree = wholeTree(await readTree(temporary));
    expect(tree).toEqual([
      { path: 'dev', kind: 'folder', mode: 0o755 },
      { path: 'link', kind: 'link', to: 'program' },
      { path: 'program', kind: 'file', mode: 0o755, from: path.join(temporary, 'program'), size: 1 },
    ]);
    const copy = path.join(temporary, 'copy');
    await writeTree(tree, copy);
    expect(wholeTree(await readTree(copy)).map(({ path: file, kind }) => [file, kind])).toEqual(
      tree.map(({ path: file, kind }) => [file, kind]),
    );
  });
});
