// The files of an image, before they are a layer or a folder. Owners are always root, times always zero.
import { chmod, copyFile, lstat, mkdir, readdir, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';

export type TreeEntry = { /** Without a slash before it. */ path: string } & (
  | { kind: 'folder'; mode: number }
  | { kind: 'link'; to: string }
  | { kind: 'file'; mode: number; content: Buffer }
  | LocalFile
);

/** So many bytes of a file of this machine. */
interface LocalFile {
  kind: 'file';
  mode: number;
  from: string;
  size: number;
}

export function textFile(file: string, text: string, mode = 0o644): TreeEntry {
  return { path: file, kind: 'file', mode, content: Buffer.from(text) };
}

/** `from` with all links resolved. */
export async function fileFrom(
  file: string,
  from: string,
  mode: number,
): Promise<LocalFile & { path: string }> {
  return { path: file, kind: 'file', mode, from, size: (await stat(from)).size };
}

/** With the folders above them, in the order of a tar file: the same whatever the order was. */
export function wholeTree(entries: readonly TreeEntry[]): TreeEntry[] {
  const tree = new Map<string, TreeEntry>();
  for (const entry of entries) {
    for (let above = path.posix.dirname(entry.path); above !== '.'; above = path.posix.dirname(above)) {
      if (!tree.has(above)) tree.set(above, { path: above, kind: 'folder', mode: 0o755 });
    }
    tree.set(entry.path, entry);
  }
  // A path is always after its folder; no locale has a say.
  return [...tree.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Everything below a folder but devices, pipes and sockets, which a runtime makes itself. */
export async function readTree(folder: string, below = ''): Promise<TreeEntry[]> {
  const entries: TreeEntry[] = [];
  const { dev } = await stat(folder);
  for (const name of await readdir(path.join(folder, below))) {
    const [file, from] = [path.posix.join(below, name), path.join(folder, below, name)];
    const status = await lstat(from);
    const mode = status.mode & 0o7777;
    if (status.isSymbolicLink()) entries.push({ path: file, kind: 'link', to: await readlink(from) });
    else if (status.isFile()) entries.push({ path: file, kind: 'file', mode, from, size: status.size });
    else if (status.isDirectory()) {
      // A /proc that is still mounted there is none of the image.
      const inner = status.dev === dev ? await readTree(folder, file) : [];
      entries.push({ path: file, kind: 'folder', mode }, ...inner);
    }
  }
  return entries;
}

export async function writeTree(entries: readonly TreeEntry[], folder: string): Promise<void> {
  for (const entry of wholeTree(entries)) {
    const target = path.join(folder, entry.path);
    if (entry.kind === 'link') {
      await symlink(entry.to, target);
      continue;
    }
    if (entry.kind === 'folder') await mkdir(target, { recursive: true });
    else if ('from' in entry) await copyFile(entry.from, target);
    else await writeFile(target, entry.content);
    // Whatever the umask is.
    await chmod(target, entry.mode);
  }
}
