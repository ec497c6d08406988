// Files of the machine that this program runs on.
import { createFileChanges, type OwnerOf } from './file-changes.ts';
import { createFileReads } from './file-reads.ts';
import type { HostFiles } from './host.ts';

/** `root` is put before every path; links are followed below it. */
export function createLocalFiles(root: string, ownerOf: OwnerOf): HostFiles {
  return { ...createFileReads(root), ...createFileChanges(root, ownerOf) };
}
