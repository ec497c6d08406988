import { readdir, readFile, readlink, lstat } from 'node:fs/promises';
import { join } from 'node:path';

/** Everything below a folder, by path: kind, mode, owner, and content or target. */
export type Tree = ReadonlyMap<string, string>;

export async function readTree(root: string, leaveOut: readonly string[] = []): Promise<Tree> {
  const tree = new Map<string, string>();
  const walk = async (folder: string): Promise<void> => {
    for (const name of await readdir(join(root, folder))) {
      const path = `${folder}/${name}`;
      if (leaveOut.includes(path)) continue;
      const stats = await lstat(join(root, path));
      const attributes = `${(stats.mode & 0o7777).toString(8)} ${stats.uid}:${stats.gid}`;
      if (stats.isDirectory()) {
        tree.set(path, `folder ${attributes}`);
        await walk(path);
      } else if (stats.isSymbolicLink()) tree.set(path, `link ${await readlink(join(root, path))}`);
      else tree.set(path, `file ${attributes} ${await readFile(join(root, path), 'base64')}`);
    }
  };
  await walk('');
  return tree;
}

/** Paths that are not the same in both. */
export function differences(got: Tree, expected: Tree): string[] {
  const paths = new Set([...got.keys(), ...expected.keys()]);
  return [...paths].filter((path) => got.get(path) !== expected.get(path)).sort();
}
