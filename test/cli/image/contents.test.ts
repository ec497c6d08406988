import { execFileSync } from 'node:child_process';
import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { readComponentFiles } from '../../../src/cli/image/components-folder.ts';
import {
  architectureOf,
  refitImage,
  upgraderImage,
  type Base,
  type Workshop,
} from '../../../src/cli/image/contents.ts';
import { readArchive } from '../../../src/cli/image/read-archive.ts';
import { SBOM_FILE, type sbom } from '../../../src/cli/image/sbom.ts';
import { wholeTree, writeTree, type TreeEntry } from '../../../src/cli/image/tree.ts';
import { writeArchive, type Image } from '../../../src/cli/image/write-archive.ts';
import { ALL, folder, remove, workshop, write } from './samples.ts';

let temporary = '';
let site: Workshop;
beforeEach(async () => {
  temporary = await folder();
  site = await workshop(temporary);
});
afterEach(() => remove(temporary));

async function upgrader(base: Base = 'collected'): Promise<Image> {
  const components = path.join(temporary, 'components');
  await write(components, ALL);
  return upgraderImage(site, base, await readComponentFiles(components, { kubernetes: 'v1.34.4' }, site));
}

const pathsOf = (entries: readonly TreeEntry[]): string[] => entries.map((entry) => entry.path);

function sbomOf(image: Image): ReturnType<typeof sbom> {
  const entry = image.layers.flat().find(({ path: file }) => file === SBOM_FILE);
  if (entry?.kind !== 'file' || !('content' in entry)) throw new Error('no SBOM');
  return JSON.parse(entry.content.toString()) as ReturnType<typeof sbom>;
}

describe('the Refit image', () => {
  it('holds node, the whole program and what node needs; not the program of nodes', async () => {
    const { layers, config } = await refitImage(site, 'collected');
    const [system = [], program = []] = layers;
    expect(pathsOf(wholeTree(program))).toEqual([
      'opt',
      'opt/refit',
      'opt/refit/program',
      'opt/refit/program/7.index.js',
      'opt/refit/program/node',
      'opt/refit/program/refit.js',
      'usr',
      'usr/bin',
      'usr/bin/refit',
      'usr/share',
      'usr/share/sbom',
      'usr/share/sbom/refit.cdx.json',
    ]);
    expect(pathsOf(system)).toEqual(
      expect.arrayContaining([
        'etc/passwd',
        'etc/nsswitch.conf',
        'tmp',
        expect.stringMatching(/\/libc\.so\.6$/),
      ]),
    );
    expect(pathsOf(system).filter((file) => file.includes('nsenter'))).toEqual([]);
    expect(config).toMatchObject({ User: '65532:65532', Entrypoint: ['refit'] });
  });

  it('says what is in it', async () => {
    const { components } = sbomOf(await refitImage(site, 'collected'));
    expect(components.map(({ name }) => name)).toEqual(expect.arrayContaining(['node', 'zod']));
    const files = components.flatMap((component) => [component, ...(component.components ?? [])]);
    expect(files.map(({ name }) => name)).toContainEqual(expect.stringMatching(/\/libc\.so\.6$/));
  });

  it('runs on nothing but its own files', async () => {
    const { layers } = await refitImage(site, 'collected');
    const root = path.join(temporary, 'root');
    await writeTree(layers.flat(), root);
    const loader = pathsOf(layers.flat()).find((file) => file.includes('/ld-linux')) ?? '';
    const folders = pathsOf(layers.flat()).filter((file) => file.endsWith('.so.6'));
    const libraries = folders.map((file) => path.join(root, path.dirname(file))).join(':');
    const argv = [
      '--inhibit-cache',
      '--library-path',
      libraries,
      '--list',
      path.join(root, 'opt/refit/program/node'),
    ];
    const used = execFileSync(path.join(root, loader), argv, { encoding: 'utf8' });
    for (const [, file] of used.matchAll(/=> (\S+) \(/g)) expect(file).toMatch(new RegExp(`^${root}/`));
    expect(used).toMatch(/libc\.so\.6 => /);
    expect((await stat(path.join(root, 'tmp'))).mode & 0o7777).toBe(0o1777);
    expect(await readFile(path.join(root, 'usr/bin/refit'), 'utf8')).toBe(
      "#!/opt/refit/program/node\nimport('/opt/refit/program/refit.js');\n",
    );
  });

  it('on a base of its own holds the base', async () => {
    const base = path.join(temporary, 'base');
    await writeTree((await refitImage(site, 'collected')).layers[0] ?? [], base);
    const status = 'Package: base-files\nStatus: install ok installed\nArchitecture: all\nVersion: 12.4\n\n';
    const removed = 'Package: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: 1\n';
    await write(base, {
      'var/lib/dpkg/status': status + removed,
      'etc/os-release': 'ID=debian\nVERSION_ID="12"\n',
    });
    const image = await refitImage(site, { folder: base });
    expect(pathsOf(image.layers[0] ?? [])).toContain('var/lib/dpkg/status');
    const packages = sbomOf(image).components.filter(({ purl }) => purl?.startsWith('pkg:deb/'));
    expect(packages.map(({ purl }) => purl)).toEqual([
      'pkg:deb/debian/base-files@12.4?arch=all&distro=debian-12',
    ]);
  });

  it('for a Containerfile holds only our part', async () => {
    const { layers } = await refitImage(site, 'container');
    expect(layers[0]).toEqual([]);
  });
});

describe('the upgrader image', () => {
  it('holds nsenter, the program of nodes and the components, and runs as root', async () => {
    const { layers, config } = await upgrader();
    const [system = [], program = [], components = []] = layers.map(pathsOf);
    expect(system).toContainEqual(expect.stringMatching(/^(usr\/)?s?bin\/nsenter$/));
    expect(program).toEqual(['opt/refit/program/node', 'opt/refit/program/refit.js']);
    expect(components).toEqual(
      expect.arrayContaining([
        'opt/refit/components/kubernetes/kubelet',
        'opt/refit/components/components.json',
      ]),
    );
    expect(config.User).toBe('0:0');
    const { components: told } = sbomOf(await upgrader());
    expect(told.map((component) => component['bom-ref'])).toContain('kubernetes/kubelet');
  });

  it('as an archive tells its components', async () => {
    const archive = path.join(temporary, 'image.tar');
    const target = { name: 'registry.example.com/refit/upgrader', tag: 'v1.34.4' };
    const { digest } = await writeArchive(archive, await upgrader(), target);
    expect(await readArchive(archive)).toMatchObject({
      name: target.name,
      digest,
      components: { kubernetes: 'v1.34.4', containerd: '2.1.4', cni: 'v1.8.0' },
    });
  });
});

describe('the machine on which images are made', () => {
  it.each([
    ['linux', 'x64', 'amd64'],
    ['linux', 'arm64', 'arm64'],
  ])('may be %s %s', (platform, arch, expected) => expect(architectureOf({ platform, arch })).toBe(expected));

  it.each([
    ['darwin', 'arm64'],
    ['win32', 'x64'],
    ['linux', 'riscv64'],
  ])('may not be %s %s', (platform, arch) => {
    expect(() => architectureOf({ platform, arch })).toThrow(
      `this machine: got ${platform} ${arch}, expected Linux on amd64 or arm64: its node goes into the image`,
    );
  });
});

describe('an image is refused', () => {
  const rows: [string, () => Promise<unknown>, RegExp][] = [
    [
      'without the bundle',
      async () => {
        await rm(path.join(temporary, 'bundle/refit.js'));
        return refitImage(site, 'collected');
      },
      /bundle\/refit\.js: got none, expected what npm run bundle makes$/,
    ],
    [
      'of an old node',
      () => refitImage({ ...site, node: { ...site.node, version: '20.20.2' } }, 'collected'),
      /^\/bin\/true: got node 20\.20\.2, expected >=24 \(npx node\)$/,
    ],
    [
      'of a node that hosts could not run',
      () => refitImage({ ...site, node: { ...site.node, file: '/bin/ls' } }, 'collected'),
      /^\/bin\/ls: needs libselinux\.so\.1.*, which nodes need not have/,
    ],
    [
      'of a node that is no program',
      () =>
        refitImage(
          { ...site, node: { ...site.node, file: path.join(temporary, 'package-lock.json') } },
          'collected',
        ),
      /package-lock\.json: not found in the usual folders: /,
    ],
    [
      'on the root of this machine',
      () => refitImage(site, { folder: '/' }),
      /^--base: got the root of this machine/,
    ],
    [
      'on a base that lacks something',
      async () => {
        const base = path.join(temporary, 'base');
        await writeTree((await refitImage(site, 'collected')).layers[0] ?? [], base);
        return upgrader({ folder: base });
      },
      /\/base: got no nsenter, expected them$/,
    ],
  ];

  it.each(rows)('%s', async (_, make, message) => {
    await expect(make()).rejects.toMatchObject({
      reason: 'BadInput',
      message: expect.stringMatching(message),
    });
  });
});
