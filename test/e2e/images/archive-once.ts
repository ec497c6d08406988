import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { cacheRoot } from '../../tools/build.ts';
import type { ImageRecipe } from './image-recipe.ts';

export interface E2eImage {
  name: string;
  tag: string;
  /** Of the manifest: by name@digest pods ask for it. */
  digest: string;
  /** An OCI archive for `ctr -n k8s.io images import`. */
  archive: string;
}

const ARCHIVE = 'image.tar';
const DIGEST = 'digest';

/** From the cache of the tools, if it has been made from the same files there. */
export async function archiveOnce(recipe: ImageRecipe): Promise<E2eImage> {
  const folder = path.join(cacheRoot(), `image-${keyOf(recipe)}`);
  if (!existsSync(folder)) await makeArchive(recipe, folder);
  const digest = readFileSync(path.join(folder, DIGEST), 'utf8').trim();
  return { name: recipe.name, tag: recipe.tag, digest, archive: path.join(folder, ARCHIVE) };
}

/** The folder appears when it is whole. */
async function makeArchive({ name, tag, make }: ImageRecipe, folder: string): Promise<void> {
  process.stderr.write(`${name}:${tag}: making the image\n`);
  mkdirSync(cacheRoot(), { recursive: true });
  const temporary = mkdtempSync(path.join(cacheRoot(), '.image-'));
  try {
    const digest = await make(path.join(temporary, ARCHIVE));
    writeFileSync(path.join(temporary, DIGEST), `${digest}\n`);
    renameSync(temporary, folder);
  } catch (error) {
    // Somebody else was faster with the same one.
    if (!['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** By time and size of the sources: to read them takes as long as to make the image. */
function keyOf({ name, tag, sources, inputs }: ImageRecipe): string {
  const states = sources.map((source) => {
    const { size, mtimeMs } = statSync(source);
    return [source, size, mtimeMs];
  });
  const text = JSON.stringify([name, tag, states, inputs]);
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
