// What nodes are copied from, in two layers: with the old Kubernetes and the images of others, which stay as they are for
// long, then with our own images, which are others after each change of a source.
import { chmodSync, copyFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { cachedFolder, madeOnce } from '../../host/root-folder.ts';
import { tool } from '../../tools/build.ts';
import type { E2eImage } from '../images/images.ts';
import { run } from './command.ts';
import { nodeBase } from './node-base.ts';
import { addImages, copyNodeTree } from './node-tree.ts';

const OWN_IMAGES = 'refit.test/';

/** Folder for `copyNodeTree`, in the cache of the tools. Errors: which image is not accepted, and why. */
export async function nodeImage(images: readonly E2eImage[], pauseImage: string): Promise<string> {
  const isOwn = ({ name }: E2eImage) => name.startsWith(OWN_IMAGES);
  const others = images.filter((image) => !isOwn(image));
  const below = await kubernetesImage(others, pauseImage);
  const own = images.filter(isOwn);
  return madeLast('node-image', [path.basename(below), idsOf(own)], (temporary) =>
    addImages(temporary, (root) => copyNodeTree(below, root, 'node'), own),
  );
}

/** Name in the node -> tool. */
const BINARIES = { kubeadm: 'kubeadm-1.33', kubelet: 'kubelet-1.33', kubectl: 'kubectl-1.33' };

async function kubernetesImage(images: readonly E2eImage[], pauseImage: string): Promise<string> {
  const base = await nodeBase(pauseImage);
  const binaries: [string, string][] = [];
  for (const [name, of] of Object.entries(BINARIES)) binaries.push([name, await tool(of)]);
  const lay = async (root: string): Promise<void> => {
    await run('cp', '-a', '--reflink=auto', path.join(base, 'root'), root);
    for (const [name, file] of binaries) {
      copyFileSync(file, path.join(root, 'usr/bin', name));
      chmodSync(path.join(root, 'usr/bin', name), 0o755);
    }
  };
  return madeLast('node-kubernetes', [path.basename(base), binaries, idsOf(images)], (temporary) =>
    addImages(temporary, lay, images),
  );
}

const idsOf = (images: readonly E2eImage[]) => images.map(({ name, tag, digest }) => [name, tag, digest]);

/** Those made before of that name go: they are large. Clusters that run keep what they share with them. */
function madeLast(
  name: string,
  recipe: unknown,
  make: (temporary: string) => Promise<void>,
): Promise<string> {
  const folder = cachedFolder(name, JSON.stringify(recipe));
  return madeOnce(folder, async (temporary) => {
    const cache = path.dirname(folder);
    const others = readdirSync(cache).filter((one) => one.startsWith(`${name}-`));
    for (const one of others) rmSync(path.join(cache, one), { recursive: true, force: true });
    await make(temporary);
  });
}
