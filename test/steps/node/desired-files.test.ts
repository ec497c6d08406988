import { spawnSync } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DesiredFile } from '../../../src/api/desired-configuration.ts';
import { differingFiles, fileProblems, writeAction } from '../../../src/steps/node/desired-files.ts';
import { desiredFile } from './desired.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { digest } from './release.ts';

const PATH = '/etc/kubernetes/audit.yaml';
let host: TestHost;
beforeEach(async () => {
  host = await createTestHost({ role: 'worker' });
  host.answer(['stat', '--format=%U %u %G %g'], 'root 0 ssl-cert 114\n');
});
afterEach(() => host.remove());

const there = (content: string, mode = 0o640): Promise<void> => host.files.write(PATH, content, { mode });
const paths = async (files: DesiredFile[]): Promise<string[]> =>
  (await differingFiles(host, files)).files.map(({ path }) => path);

describe('a desired file', () => {
  it.each<[string, () => Promise<void>, Partial<DesiredFile>, string | undefined]>([
    ['is there', () => there('a: 1'), {}, undefined],
    ['is there with an owner by numbers', () => there('a: 1'), { owner: '0:114' }, undefined],
    ['is there with an owner without a group', () => there('a: 1'), { owner: 'root' }, undefined],
    ['is absent', async () => {}, {}, `${PATH}: absent, expected a file`],
    ['has another content', () => there('a: 2'), {}, `${PATH}: got another content than the desired one`],
    ['has another mode', () => there('a: 1', 0o644), {}, `${PATH}: got mode 0644, expected 0640`],
    ['has a mode of three digits', () => there('a: 1'), { permissions: '640' }, undefined],
    [
      'has another user',
      () => there('a: 1'),
      { owner: 'etcd:ssl-cert' },
      `${PATH}: got owner root:ssl-cert, expected etcd:ssl-cert`,
    ],
    [
      'has another group',
      () => there('a: 1'),
      { owner: 'root:root' },
      `${PATH}: got owner root:ssl-cert, expected root:root`,
    ],
  ])('%s', async (_, arrange, change, problem) => {
    await arrange();
    const file = { ...desiredFile(PATH, 'a: 1'), permissions: '0640', owner: 'root:ssl-cert', ...change };
    expect(await fileProblems(host, [file])).toEqual(problem === undefined ? [] : [problem]);
    expect(await paths([file])).toEqual(problem === undefined ? [] : [PATH]);
  });

  it('is written as it is desired', () => {
    const file = { ...desiredFile(PATH, 'a: ü\0'), permissions: '0600', owner: 'root:etcd' };
    const content = Buffer.from('a: ü\0');
    const change = { what: PATH, sha256: digest(content) };
    expect(writeAction(file)).toEqual({
      do: 'write',
      path: PATH,
      content,
      mode: 0o600,
      owner: 'root:etcd',
      change,
    });
  });

  it('is looked at by the stat of the machine', async () => {
    await there('a: 1');
    const file = { ...desiredFile(PATH, 'a: 1'), permissions: '0640' };
    host.answer(['stat'], (argv) => {
      const words = [...argv.slice(1, -1), join(host.root, argv.at(-1) ?? '')];
      return spawnSync('stat', words).stdout.toString();
    });
    const owner = `${process.getuid?.()}:${process.getgid?.()}`;
    expect(await fileProblems(host, [{ ...file, owner }])).toEqual([]);
    expect(await fileProblems(host, [{ ...file, owner: 'nobody:12345' }])).toEqual([
      expect.stringMatching(/: got owner \S+:\S+, expected nobody:12345$/),
    ]);
  });

  it('that comes twice is what the last one says', async () => {
    await there('b', 0o644);
    host.answer(['stat', '--format=%U %u %G %g'], 'root 0 root 0\n');
    const [first, last] = [desiredFile(PATH, 'a'), desiredFile(PATH, 'b')];
    expect(await paths([first, last])).toEqual([]);
    expect(await paths([last, first])).toEqual([PATH]);
  });

  it('behind a link is looked at there', async () => {
    await host.files.write('/srv/audit.yaml', 'a: 1', { mode: 0o640 });
    await symlink('../../srv/audit.yaml', join(host.root, PATH));
    const file = { ...desiredFile(PATH, 'a: 1'), permissions: '0640', owner: 'root:ssl-cert' };
    expect(await fileProblems(host, [file])).toEqual([]);
  });
});

describe('a path is refused', () => {
  it.each([
    ['etc/kubernetes/a', 'expected an absolute, normalised path'],
    ['/etc/kubernetes/../shadow', 'expected an absolute, normalised path'],
    ['/etc//kubernetes/a', 'expected an absolute, normalised path'],
    ['/etc/kubernetes/', 'expected an absolute, normalised path'],
    ['/etc/kubernetes/a\nb', 'expected an absolute, normalised path'],
    ['/etc/kubernetes', '/etc/kubernetes: is a folder, expected a file'],
  ])('%j', async (path, refusal) => {
    const { refusals, files } = await differingFiles(host, [desiredFile(path, 'a')]);
    expect(refusals).toEqual([expect.stringContaining(refusal)]);
    expect(files).toEqual([]);
  });
});

it('an owner that cannot be found out is an error', async () => {
  await there('a', 0o644);
  host.answer(['stat'], { code: 1 });
  await expect(fileProblems(host, [desiredFile(PATH, 'a')])).rejects.toMatchObject({ reason: 'Failed' });
});
