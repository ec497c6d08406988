import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { EXIT } from '../../../src/api/commands.ts';
import { imageMapSchema } from '../../../src/api/policy.ts';
import { readComponentFiles } from '../../../src/cli/image/components-folder.ts';
import { upgraderImage } from '../../../src/cli/image/contents.ts';
import { writeArchive } from '../../../src/cli/image/write-archive.ts';
import { run } from '../../../src/cli/run.ts';
import { fakeIo } from '../../helpers/io.ts';
import { ALL, folder, KUBERNETES, remove, workshop, write } from './samples.ts';

const NAME = 'registry.example.com/refit/upgrader';

let temporary = '';
beforeEach(async () => {
  temporary = await folder(KUBERNETES);
});
afterEach(() => remove(temporary));

async function refit(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = fakeIo();
  const code = await run(['image', ...argv], io);
  return { code, out: io.stdout(), err: io.stderr() };
}

async function archive(): Promise<{ file: string; digest: string }> {
  const site = await workshop(path.join(temporary, 'project'));
  const programs = path.join(temporary, 'programs');
  await write(programs, ALL);
  const image = await upgraderImage(
    site,
    'collected',
    await readComponentFiles(programs, { kubernetes: 'v1.34.4' }, site),
  );
  const file = path.join(temporary, 'image.tar');
  return { file, digest: (await writeArchive(file, image, { name: NAME, tag: 'v1.34.4' })).digest };
}

describe('refit image entry', () => {
  it('prints what the image map takes', async () => {
    const { file, digest } = await archive();
    const { code, out, err } = await refit('entry', '--archive', file);
    expect({ code, err }).toEqual({ code: EXIT.done, err: '' });
    expect(out).toBe(
      `v1.34.4:\n  kubernetes: v1.34.4\n  containerd: 2.1.4\n  cni: v1.8.0\n  image: ${NAME}@${digest}\n`,
    );
    expect(imageMapSchema.safeParse(parse(out)).success).toBe(true);
  });

  it('takes another name and another release', async () => {
    const { file, digest } = await archive();
    const { out } = await refit(
      'entry',
      '--archive',
      file,
      '--name',
      'localhost:5000/a/b',
      '--release',
      'edge-2',
    );
    expect(parse(out)).toMatchObject({ 'edge-2': { image: `localhost:5000/a/b@${digest}` } });
  });

  it('refuses a release that the image map would not take', async () => {
    const { file } = await archive();
    const { code, out, err } = await refit('entry', '--archive', file, '--release', 'Edge 2');
    expect({ code, out }).toEqual({ code: EXIT.badInput, out: '' });
    expect(err).toMatch(/^refit: image map: Edge 2: /);
  });

  it('says when there is no such file', async () => {
    const { code, err } = await refit('entry', '--archive', path.join(temporary, 'gone.tar'));
    expect(code).toBe(EXIT.failed);
    expect(err).toMatch(/gone\.tar: cannot be read or written: ENOENT/);
  });
});

describe('refit image refuses', () => {
  const name = (text: string): string[] => ['refit', '--output', 'x.tar', '--name', text];
  const rows: [string, string[], RegExp][] = [
    ['no name', ['refit', '--output', 'x.tar'], /--name: got nothing, expected a repository like/],
    ['no output', ['refit', '--name', NAME], /--output: got nothing, expected a file/],
    [
      'a tree with a name',
      ['refit', '--tree', 'x', '--name', NAME],
      /--tree: got "x", expected neither --name/,
    ],
    [
      'a name with a tag',
      name(`${NAME}:v1`),
      /--name: got ".*:v1", expected registry and repository without a tag/,
    ],
    [
      'a name with a digest',
      name(`${NAME}@sha256:${'0'.repeat(64)}`),
      /expected registry and repository without a tag/,
    ],
    ['a name without a registry', name('refit/upgrader'), /expected registry and repository/],
    ['a registry alone', name('registry.example.com'), /expected registry and repository/],
    ['a name in capitals', name('registry.example.com/Refit'), /expected registry and repository/],
    [
      'no components',
      ['upgrader', '--kubernetes', 'v1.34.4', '--tree', 'x'],
      /required option '--components <folder>'/,
    ],
    [
      'no version',
      ['upgrader', '--components', 'x', '--tree', 'x'],
      /required option '--kubernetes <version>'/,
    ],
  ];

  it.each(rows)('%s', async (_, argv, message) => {
    const { code, out, err } = await refit(...argv);
    expect({ code, out }).toEqual({ code: EXIT.badInput, out: '' });
    expect(err).toMatch(message);
  });

  it('programs that do not run', async () => {
    const argv = [
      '--kubernetes',
      'v1.34.4',
      '--components',
      temporary,
      '--tree',
      path.join(temporary, 'tree'),
    ];
    const { code, err } = await refit('upgrader', ...argv);
    expect(code).toBe(EXIT.failed);
    expect(err).toContain(path.join(temporary, 'kubeadm'));
  });
});
