// The Containerfiles are built by hand (docs/images.md); here: do they still fit the repository and the command?
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readComponentFiles } from '../../../src/cli/image/components-folder.ts';
import { refitImage, upgraderImage } from '../../../src/cli/image/contents.ts';
import type { Image } from '../../../src/cli/image/write-archive.ts';
import { createProgram } from '../../../src/cli/run.ts';
import { fakeIo } from '../../helpers/io.ts';
import { ALL, folder, remove, workshop, write } from './samples.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
/** Made by `npm run bundle`. */
const GENERATED = ['bundle/'];

/** Instructions with their arguments, continued lines joined. */
function instructions(name: string): { word: string; rest: string }[] {
  return readFileSync(path.join(root, 'images', name, 'Containerfile'), 'utf8')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => ({ word: line.split(' ')[0] ?? '', rest: line.slice(line.indexOf(' ') + 1) }));
}

let temporary = '';
const images: Record<string, Image> = {};
beforeAll(async () => {
  temporary = await folder();
  const site = await workshop(temporary);
  await write(path.join(temporary, 'programs'), ALL);
  const versions = { kubernetes: 'v1.34.4' };
  const files = await readComponentFiles(path.join(temporary, 'programs'), versions, site);
  images['refit'] = await refitImage(site, 'container');
  images['upgrader'] = await upgraderImage(site, 'container', files);
});
afterAll(() => remove(temporary));

describe.each(['refit', 'upgrader'])('images/%s/Containerfile', (name) => {
  const all = instructions(name);
  const last = (word: string): string => all.filter((of) => of.word === word).at(-1)?.rest ?? '';

  it('copies what is in the repository', () => {
    const sources = all
      .filter(({ word, rest }) => word === 'COPY' && !rest.startsWith('--from='))
      .flatMap(({ rest }) => rest.split(' ').slice(0, -1));
    expect(sources).not.toEqual([]);
    for (const source of sources.filter((of) => !GENERATED.includes(of))) {
      expect([source, existsSync(path.join(root, source))]).toEqual([source, true]);
    }
  });

  it('runs a command that there is, with options that it has', () => {
    const image = createProgram(fakeIo(), () => undefined).commands.find(
      (command) => command.name() === 'image',
    );
    const command = image?.commands.find((of) => of.name() === name);
    expect(last('RUN')).toMatch(new RegExp(`bundle/refit\\.js\\W+image\\W+${name}\\W`));
    const used = [...last('RUN').matchAll(/--[a-z]+/g)].map(([flag]) => flag);
    expect(used).toContain('--tree');
    expect(command?.options.map(({ long }) => long)).toEqual(expect.arrayContaining(used));
  });

  it('starts as the archive of `refit image` does', () => {
    const { User, Entrypoint, Labels } = images[name]?.config ?? {};
    expect(last('USER')).toBe(User);
    expect(JSON.parse(last('ENTRYPOINT'))).toEqual(Entrypoint);
    expect(last('LABEL')).toBe(
      `org.opencontainers.image.title="${Labels?.['org.opencontainers.image.title']}"`,
    );
  });

  it('takes its base from the caller', () => {
    expect(all[0]).toEqual({ word: 'ARG', rest: 'BASE' });
    for (const { rest } of all.filter(({ word }) => word === 'FROM')) expect(rest).toMatch(/^\$\{BASE\}/);
  });
});
