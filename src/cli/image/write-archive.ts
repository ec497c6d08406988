// An image as an OCI archive: a tar file of blobs that are named by their digests. The same input gives the same bytes.
import { createHash, type Hash } from 'node:crypto';
import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { hashed, layerBytes } from './layer.ts';
import { BLOCK, TAR_END, tarHeader, tarPadding } from './tar.ts';
import { wholeTree, type TreeEntry } from './tree.ts';

export interface Image {
  /** As Go names it. */
  architecture: string;
  /** The lowest first. */
  layers: readonly (readonly TreeEntry[])[];
  config: {
    User: string;
    Env: string[];
    Entrypoint: string[];
    WorkingDir: string;
    Labels: Record<string, string>;
  };
}

export interface ImageName {
  name: string;
  tag: string;
  /** The import makes name:tag, too: for pods that ask by tag. */
  isTagged?: boolean;
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

export const MEDIA_TYPES = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

/**
 * What containerd calls the image when it imports it. We give name@digest, by which pods ask for it: for an image that
 * has a tag here, `ctr images import --digests` of containerd 2 makes no name with the digest.
 */
export const NAME_ANNOTATION = 'io.containerd.image.name';
/** Other tools know it by the tag. */
export const TAG_ANNOTATION = 'org.opencontainers.image.ref.name';

/** Gives the digest by which the image is pinned: that of its manifest. The file appears when it is whole. */
export async function writeArchive(
  file: string,
  image: Image,
  { name, tag, isTagged = false }: ImageName,
): Promise<{ digest: string; bytes: number }> {
  const partial = `${file}.partial`;
  const handle = await open(partial, 'w');
  try {
    const archive = archiveWriter(handle);
    await archive.file('oci-layout', json({ imageLayoutVersion: '1.0.0' }));
    const manifest = await writeImage(archive, image);
    const platform = { architecture: image.architecture, os: 'linux' };
    const names = [`${name}@${manifest.digest}`, ...(isTagged ? [`${name}:${tag}`] : [])];
    const manifests = names.map((full) => ({
      ...manifest,
      platform,
      annotations: { [NAME_ANNOTATION]: full, [TAG_ANNOTATION]: tag },
    }));
    await archive.file('index.json', json({ schemaVersion: 2, mediaType: MEDIA_TYPES.index, manifests }));
    const bytes = await archive.end();
    await handle.sync();
    await rename(partial, file);
    return { digest: manifest.digest, bytes };
  } finally {
    await handle.close();
    await rm(partial, { force: true });
  }
}

async function writeImage(
  archive: ArchiveWriter,
  { architecture, layers, config }: Image,
): Promise<Descriptor> {
  const written: (Descriptor & { diffId: string })[] = [];
  for (const entries of layers) written.push(await archive.layer(wholeTree(entries)));
  const configBlob = await archive.blob(MEDIA_TYPES.config, {
    created: new Date(0).toISOString(),
    architecture,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: written.map(({ diffId }) => diffId) },
  });
  return archive.blob(MEDIA_TYPES.manifest, {
    schemaVersion: 2,
    mediaType: MEDIA_TYPES.manifest,
    config: configBlob,
    layers: written.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  });
}

type ArchiveWriter = ReturnType<typeof archiveWriter>;

function archiveWriter(handle: FileHandle) {
  let position = 0;
  const append = async (bytes: Buffer): Promise<void> => {
    await handle.writeFile(bytes);
    position += bytes.length;
  };
  const file = async (name: string, content: Buffer): Promise<void> => {
    await append(tarHeader({ name, type: 'file', mode: 0o644, size: content.length }));
    await append(content);
    await append(tarPadding(content.length));
  };
  return {
    file,
    blob: async (mediaType: string, value: unknown): Promise<Descriptor> => {
      const content = json(value);
      const digest = digestOf(createHash('sha256').update(content));
      await file(blobPath(digest), content);
      return { mediaType, digest, size: content.length };
    },
    /** Its name and size are known when it is written: the header in front of it follows then. */
    layer: async (entries: readonly TreeEntry[]): Promise<Descriptor & { diffId: string }> => {
      const at = position;
      await append(Buffer.alloc(BLOCK));
      const [plain, compressed] = [createHash('sha256'), createHash('sha256')];
      await pipeline(
        hashed(layerBytes(entries), plain),
        createGzip(),
        async (chunks: AsyncIterable<Buffer>) => {
          for await (const chunk of hashed(chunks, compressed)) await append(chunk);
        },
      );
      const size = position - at - BLOCK;
      const digest = digestOf(compressed);
      await append(tarPadding(size));
      await handle.write(
        tarHeader({ name: blobPath(digest), type: 'file', mode: 0o644, size }),
        0,
        BLOCK,
        at,
      );
      return { mediaType: MEDIA_TYPES.layer, digest, size, diffId: digestOf(plain) };
    },
    end: async (): Promise<number> => {
      await append(TAR_END);
      return position;
    },
  };
}

function digestOf(hash: Hash): string {
  return `sha256:${hash.digest('hex')}`;
}

export function blobPath(digest: string): string {
  return `blobs/${digest.replace(':', '/')}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
