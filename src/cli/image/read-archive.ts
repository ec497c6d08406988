// What an OCI archive holds, whoever made it: `refit image`, buildah, docker buildx or skopeo.
import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { z } from 'zod';
import { COMPONENTS_FILE, componentsSchema, type Components } from '../../api/components.ts';
import { COMPONENTS_FOLDER } from '../../api/install.ts';
import { errorCode } from '../../steps/host/file-errors.ts';
import { findInTar } from './find-in-tar.ts';
import { hashed } from './layer.ts';
import { refusal } from './refusal.ts';
import { BLOCK, readTarHeader, tarPadding } from './tar.ts';
import { blobPath, MEDIA_TYPES, NAME_ANNOTATION, TAG_ANNOTATION } from './write-archive.ts';

export interface ArchivedUpgrader {
  /** Repository; undefined when the archive has none. */
  name: string | undefined;
  digest: string;
  /** An import gives it a tag, and with containerd 2 only that. */
  isTagged: boolean;
  components: Components;
}

/** Manifests and such: more is none of ours. */
const MAX_JSON_BYTES = 4 * 2 ** 20;
const WANTED = `${COMPONENTS_FOLDER}/${COMPONENTS_FILE}`.slice(1);

const descriptor = z.object({
  mediaType: z.string(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  annotations: z.record(z.string(), z.string()).optional(),
  platform: z.object({ architecture: z.string() }).optional(),
});
const indexSchema = z.object({ manifests: z.array(descriptor).min(1) });
const manifestSchema = z.object({ layers: z.array(descriptor) });

type Descriptor = z.infer<typeof descriptor>;

interface Place {
  at: number;
  size: number;
}

interface Archive {
  file: string;
  handle: FileHandle;
  places: ReadonlyMap<string, Place>;
}

/** Errors: BadInput for what is no OCI archive of one upgrader image. */
export async function readArchive(file: string): Promise<ArchivedUpgrader> {
  const handle = await open(file);
  try {
    const archive = { file, handle, places: await findPlaces(file, handle) };
    if (!archive.places.has('index.json')) {
      throw bad(
        archive,
        'index.json: got none, expected a whole OCI archive (skopeo copies a docker archive into one)',
      );
    }
    const index = await readFile(archive, 'index.json');
    const { manifests } = parse(archive, 'index.json', index, indexSchema);
    const [image, ...more] = manifests;
    if (image === undefined || more.length > 0) {
      throw bad(archive, `index.json: got ${manifests.length} images, expected one`);
    }
    const { [NAME_ANNOTATION]: fullName, [TAG_ANNOTATION]: tag } = image.annotations ?? {};
    return {
      name: fullName?.replace(/@.*$|:[^/:]*$/, ''),
      digest: image.digest,
      isTagged: fullName === undefined ? tag !== undefined : !fullName.includes('@'),
      components: await readComponents(archive, image),
    };
  } finally {
    await handle.close();
  }
}

async function readComponents(archive: Archive, image: Descriptor): Promise<Components> {
  const { layers } = await readBlob(archive, await manifestOf(archive, image), manifestSchema);
  // The last layer that has the file is the one that counts.
  for (const layer of layers.reverse()) {
    const content = await fileInLayer(archive, layer);
    if (content !== undefined) return parse(archive, WANTED, content, componentsSchema);
  }
  throw bad(archive, `${WANTED}: got none, expected an upgrader image`);
}

/** docker buildx puts an index around the image, with its attestations beside it. */
async function manifestOf(archive: Archive, image: Descriptor): Promise<Descriptor> {
  if (image.mediaType !== MEDIA_TYPES.index) return image;
  const { manifests } = await readBlob(archive, image, indexSchema);
  const images = manifests.filter(({ platform }) => platform?.architecture !== 'unknown');
  const [only] = images;
  if (only === undefined || images.length > 1) {
    throw bad(archive, `${image.digest}: got images for ${images.length} platforms, expected one`);
  }
  return only;
}

/** All of the layer is read, so that a damaged one is found. */
async function fileInLayer(archive: Archive, { mediaType, digest }: Descriptor): Promise<Buffer | undefined> {
  const isGzip = /[+.]gzip$/.test(mediaType);
  if (!isGzip && !mediaType.endsWith('.tar')) {
    throw bad(archive, `${digest}: got a layer of type ${mediaType}, expected tar or tar with gzip`);
  }
  const { at, size } = placeOf(archive, blobPath(digest));
  const stored = archive.handle.createReadStream({ start: at, end: at + size - 1, autoClose: false });
  const hash = createHash('sha256');
  let found: Buffer | undefined;
  const find = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
    found = await findInTar(chunks, WANTED, `${archive.file}: ${digest}`);
  };
  try {
    await (isGzip
      ? pipeline(hashed(stored, hash), createGunzip(), find)
      : pipeline(hashed(stored, hash), find));
  } catch (error) {
    // zlib's.
    if (errorCode(error)?.startsWith('Z_') !== true) throw error;
    throw bad(archive, `${digest}: damaged`, error);
  }
  checkDigest(archive, digest, hash);
  return found;
}

async function readBlob<T>(archive: Archive, { digest }: Descriptor, schema: z.ZodType<T>): Promise<T> {
  const content = await readFile(archive, blobPath(digest));
  checkDigest(archive, digest, createHash('sha256').update(content));
  return parse(archive, digest, content, schema);
}

function checkDigest(archive: Archive, expected: string, hash: Hash): void {
  const got = `sha256:${hash.digest('hex')}`;
  if (got !== expected) throw bad(archive, `damaged: got a blob of digest ${got}, expected ${expected}`);
}

function parse<T>(archive: Archive, name: string, content: Buffer, schema: z.ZodType<T>): T {
  try {
    return schema.parse(JSON.parse(content.toString()));
  } catch (cause) {
    throw bad(archive, `${name}: got something else, expected what an upgrader image is made of`, cause);
  }
}

async function readFile(archive: Archive, name: string): Promise<Buffer> {
  const { at, size } = placeOf(archive, name);
  if (size > MAX_JSON_BYTES)
    throw bad(archive, `${name}: got ${size} bytes, expected at most ${MAX_JSON_BYTES}`);
  const { buffer } = await archive.handle.read(Buffer.alloc(size), 0, size, at);
  return buffer;
}

function placeOf(archive: Archive, name: string): Place {
  const place = archive.places.get(name);
  if (place === undefined) throw bad(archive, `${name}: got none, expected the whole image`);
  return place;
}

/** Reads only the headers. */
async function findPlaces(file: string, handle: FileHandle): Promise<ReadonlyMap<string, Place>> {
  const places = new Map<string, Place>();
  const block = Buffer.alloc(BLOCK);
  for (let at = 0; ;) {
    const { bytesRead } = await handle.read(block, 0, BLOCK, at);
    const header = bytesRead < BLOCK ? undefined : readTarHeader(block, file);
    if (header === undefined) return places;
    at += BLOCK;
    if (header.isFile) places.set(header.name, { at, size: header.size });
    at += header.size + tarPadding(header.size).length;
  }
}

function bad({ file }: Pick<Archive, 'file'>, message: string, cause?: unknown): Error {
  return refusal(`${file}: ${message}`, cause);
}
