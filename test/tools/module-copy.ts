import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface Links {
  module: string;
  /** File of the module -> where it points. */
  files: Readonly<Record<string, string>>;
}

/**
 * A module's zip leaves symbolic links out: a copy of its sources gets the files that they point to in their places.
 * Gives the arguments by which `go`, in the folder of go.mod, takes the copy instead.
 */
export function moduleCopy(
  folder: string,
  { module, files }: Links,
  { sources, to }: { sources: string; to: string },
): string[] {
  const copy = path.join(to, 'module');
  copyWritable(sources, copy);
  for (const [file, target] of Object.entries(files)) {
    const link = path.join(copy, file);
    copyFileSync(path.join(path.dirname(link), target), link);
  }
  const goMod = readFileSync(path.join(folder, 'go.mod'), 'utf8');
  writeFileSync(path.join(to, 'go.mod'), `${goMod}\nreplace ${module} => ${copy}\n`);
  copyFileSync(path.join(folder, 'go.sum'), path.join(to, 'go.sum'));
  return [`-modfile=${path.join(to, 'go.mod')}`];
}

/** Go's cache of modules is read-only, and so would be a plain copy: nobody but root could remove it. */
function copyWritable(from: string, to: string): void {
  mkdirSync(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) copyWritable(source, target);
    else {
      copyFileSync(source, target);
      chmodSync(target, 0o644);
    }
  }
}
