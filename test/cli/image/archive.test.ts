import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Components } from '../../../src/api/components.ts';
import { readArchive } from '../../../src/cli/image/read-archive.ts';
import { fileFrom, textFile, type TreeEntry } from '../../../src/cli/image/tree.ts';
import { writeArchive, type Image } from '../../../src/cli/image/write-archive.ts';
import { folder, remove } from './samples.ts';

const NAME = 'registry.example.com/refit/upgrader';
const MANIFEST = 'opt/refit/components/components.json';
const components: Components = {
  version: 1,
  architecture: 'amd64',
  kubernetes: 'v1.34.4',
  containerd: '2.1.4',
  files: [{ component: 'kubernetes', name: 'kubelet', size: 1, sha256: 'a'.repeat(64) }],
};

let temporary = '';
let archive = '';
beforeEach(async () => {
  temporary = await folder();
  archive = path.join(temporary, 'image.tar');
});
afterEach(() => remove(temporary));

function image(...layers: TreeEntry[][]): Image {
  const config = { User: '0:0', Env: [], Entrypoint: ['refit'], WorkingDir: '/', Labels: {} };
  return { architecture: 'amd64', layers, config };
}

const upgrader = image([textFile('etc/passwd', '')], [textFile(MANIFEST, JSON.stringify(components))]);

const write = (of: Image, to = archive) => writeArchive(to, of, { name: NAME, tag: 'v1.34.4' });

const sha256 = (content: Buffer): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** Unpacked, changed, and packed again as another tool would. */
async function changed(change: (layout: string) => Promise<void>): Promise<string> {
  const layout = path.join(temporary, 'layout');
  await mkdir(layout);
  execFileSync('tar', ['-xf', archive, '-C', layout]);
  await change(layout);
  execFileSync('tar', ['-cf', `${archive}.changed`, '-C', layout, '.']);
  return `${archive}.changed`;
}

const index = async (layout: string) =>
  JSON.parse(await readFile(path.join(layout, 'index.json'), 'utf8')) as {
    manifests: Record<string, unknown>[];
  };

const writeIndex = (layout: string, manifests: readonly object[]) =>
  writeFile(path.join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests }));

async function putBlob(layout: string, value: unknown): Promise<{ digest: string; size: number }> {
  const content = Buffer.from(JSON.stringify(value));
  const digest = sha256(content);
  await writeFile(path.join(layout, 'blobs', digest.replace(':', '/')), content);
  return { digest, size: content.length };
}

async function changeLayers(layout: string, change: (content: Buffer) => Buffer): Promise<void> {
  for (const name of await readdir(path.join(layout, 'blobs/sha256'))) {
    const file = path.join(layout, 'blobs/sha256', name);
    const content = await readFile(file);
    if (content[0] === 0x1f) await writeFile(file, change(content));
  }
}

describe('an archive', () => {
  it('is an OCI layout in which every blob is named by its digest', async () => {
    const { digest, bytes } = await write(upgrader);
    expect((await readFile(archive)).length).toBe(bytes);
    const layout = path.join(temporary, 'layout');
    await mkdir(layout);
    execFileSync('tar', ['-xf', archive, '-C', layout]);
    const blob = (of: string) => readFile(path.join(layout, 'blobs', of.replace(':', '/')));
    for (const name of await readdir(path.join(layout, 'blobs/sha256'))) {
      expect(sha256(await blob(`sha256:${name}`))).toBe(`sha256:${name}`);
    }
    expect(JSON.parse(await readFile(path.join(layout, 'oci-layout'), 'utf8'))).toEqual({
      imageLayoutVersion: '1.0.0',
    });
    expect((await index(layout)).manifests).toEqual([
      {
        mediaType: 'application/vnd.oci.image.manifest.v1+json',
        digest,
        size: (await blob(digest)).length,
        platform: { architecture: 'amd64', os: 'linux' },
        annotations: {
          'io.containerd.image.name': `${NAME}@${digest}`,
          'org.opencontainers.image.ref.name': 'v1.34.4',
        },
      },
    ]);
    const manifest = JSON.parse((await blob(digest)).toString()) as {
      config: { digest: string };
      layers: { digest: string; size: number }[];
    };
    const config: unknown = JSON.parse((await blob(manifest.config.digest)).toString());
    const diffIds: string[] = [];
    for (const layer of manifest.layers) {
      const content = await blob(layer.digest);
      expect(layer.size).toBe(content.length);
      diffIds.push(sha256(gunzipSync(content)));
    }
    expect(config).toMatchObject({
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: diffIds },
      config: upgrader.config,
    });
  });

  it('has a name with its tag, too, if wanted', async () => {
    const { digest } = await writeArchive(archive, upgrader, { name: NAME, tag: 'v1.34.4', isTagged: true });
    const layout = path.join(temporary, 'layout');
    await mkdir(layout);
    execFileSync('tar', ['-xf', archive, '-C', layout]);
    const { manifests } = await index(layout);
    expect(manifests.map((of) => of['digest'])).toEqual([digest, digest]);
    const names = manifests.map((of) => of['annotations']);
    expect(names).toMatchObject([
      { 'io.containerd.image.name': `${NAME}@${digest}` },
      { 'io.containerd.image.name': `${NAME}:v1.34.4` },
    ]);
  });

  it('is the same for files of another time and mode', async () => {
    const file = path.join(temporary, 'kubelet');
    await writeFile(file, 'kubelet');
    const from = async (source: string) =>
      image([await fileFrom('opt/kubelet', source, 0o755), textFile('a', 'b')]);
    await write(await from(file));
    await copyFile(file, `${file}.2`);
    await utimes(`${file}.2`, 1, 1);
    await write(await from(`${file}.2`), `${archive}.2`);
    expect((await readFile(archive)).equals(await readFile(`${archive}.2`))).toBe(true);
    await writeFile(file, 'Kubelet');
    const { digest } = await write(await from(file));
    expect(digest).not.toBe((await write(await from(`${file}.2`), `${archive}.2`)).digest);
  });

  it('is not there when it could not be finished', async () => {
    const gone = image([
      { path: 'gone', kind: 'file', mode: 0o644, from: path.join(temporary, 'gone'), size: 3 },
    ]);
    await expect(write(gone)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(temporary)).toEqual([]);
  });
});

describe('reading an archive', () => {
  it('tells the image and its components', async () => {
    const { digest } = await write(upgrader);
    expect(await readArchive(archive)).toEqual({ name: NAME, digest, isTagged: false, components });
  });

  it.each([
    ['of buildah: no name', {}, undefined, false],
    ['of buildah with a tag', { 'org.opencontainers.image.ref.name': 'v1' }, undefined, true],
    [
      'of docker buildx',
      { 'io.containerd.image.name': 'r.example.com:5000/a/b:v1' },
      'r.example.com:5000/a/b',
      true,
    ],
  ])('%s', async (_, annotations, name, isTagged) => {
    const { digest } = await write(upgrader);
    const file = await changed(async (layout) => {
      const [manifest] = (await index(layout)).manifests;
      await writeIndex(layout, [{ ...manifest, annotations }]);
    });
    expect(await readArchive(file)).toEqual({ name, digest, isTagged, components });
  });

  it('of an image that lies in an index, beside its attestation', async () => {
    await write(upgrader);
    let outer = '';
    const file = await changed(async (layout) => {
      const attestation = {
        mediaType: 'x',
        digest: sha256(Buffer.of()),
        platform: { architecture: 'unknown' },
      };
      const { manifests } = await index(layout);
      const blob = await putBlob(layout, { manifests: [...manifests, attestation] });
      outer = blob.digest;
      await writeIndex(layout, [{ mediaType: 'application/vnd.oci.image.index.v1+json', ...blob }]);
    });
    expect(await readArchive(file)).toMatchObject({ digest: outer, components });
  });

  it('takes the components of the last layer that has them', async () => {
    const older = { ...components, kubernetes: 'v1.33.9' };
    const layers = [older, components].map((of) => [textFile(MANIFEST, JSON.stringify(of))]);
    await write(image(...layers, [textFile('etc/passwd', '')]));
    expect((await readArchive(archive)).components.kubernetes).toBe('v1.34.4');
  });
});

describe('an archive is refused', () => {
  const cases: [string, (layout: string) => Promise<unknown>, RegExp][] = [
    [
      'of docker save',
      (layout) => rm(path.join(layout, 'index.json')),
      /index\.json: got none, expected a whole OCI/,
    ],
    [
      'with two images',
      async (layout) => {
        const { manifests } = await index(layout);
        await writeIndex(layout, [...manifests, ...manifests]);
      },
      /index\.json: got 2 images, expected one/,
    ],
    [
      'that says something else',
      (layout) => writeFile(path.join(layout, 'index.json'), '{}'),
      /got something else/,
    ],
    [
      'without its blobs',
      (layout) => rm(path.join(layout, 'blobs'), { recursive: true }),
      /got none, expected the whole/,
    ],
    [
      'with another layer',
      (layout) => changeLayers(layout, () => gzipSync(Buffer.alloc(1024))),
      /damaged: got a blob of digest/,
    ],
    [
      'with half a layer',
      (layout) => changeLayers(layout, (content) => content.subarray(0, -20)),
      /: damaged$/,
    ],
    [
      'with layers that it cannot read',
      async (layout) => {
        const layers = [
          { mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd', digest: sha256(Buffer.of()) },
        ];
        const blob = await putBlob(layout, { layers });
        await writeIndex(layout, [{ mediaType: 'application/vnd.oci.image.manifest.v1+json', ...blob }]);
      },
      /got a layer of type .*\+zstd, expected tar or tar with gzip/,
    ],
    [
      'for several platforms',
      async (layout) => {
        const { manifests } = await index(layout);
        const blob = await putBlob(layout, { manifests: [...manifests, ...manifests] });
        await writeIndex(layout, [{ mediaType: 'application/vnd.oci.image.index.v1+json', ...blob }]);
      },
      /got images for 2 platforms, expected one/,
    ],
  ];

  it.each(cases)('%s', async (_, change, message) => {
    await write(upgrader);
    const file = await changed(async (layout) => void (await change(layout)));
    await expect(readArchive(file)).rejects.toMatchObject({
      reason: 'BadInput',
      message: expect.stringMatching(message),
    });
  });

  it('of another image', async () => {
    await write(image([textFile('etc/passwd', '')]));
    await expect(readArchive(archive)).rejects.toMatchObject({
      message: `${archive}: ${MANIFEST}: got none, expected an upgrader image`,
    });
  });

  it('that is compressed', async () => {
    await write(upgrader);
    execFileSync('gzip', [archive]);
    await rename(`${archive}.gz`, archive);
    await expect(readArchive(archive)).rejects.toMatchObject({
      message: `${archive}: got something else, expected an uncompressed tar file`,
    });
  });
});
