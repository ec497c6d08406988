// The real file part of a host in a folder that stands for its root.
import { createFileChanges } from '../../../src/steps/host/file-changes.ts';
import { createFileReads } from '../../../src/steps/host/file-reads.ts';
import type { HostFiles } from '../../../src/steps/host/host.ts';

export interface TreeFiles extends HostFiles {
  /** What space() says: by folder, the longest that fits; nothing said: plenty. */
  readonly spaces: Map<string, { freeBytes: number; freeInodes: number }>;
  /** Owners that were asked for, by path: whoever runs the tests owns the files. */
  readonly owners: Map<string, string>;
}

export function createTreeFiles(root: string): TreeFiles {
  const spaces: TreeFiles['spaces'] = new Map();
  const owners: TreeFiles['owners'] = new Map();
  const reads = createFileReads(root);
  const changes = createFileChanges(root, async (_owner, otherwise) => otherwise);
  const note = (path: string, owner: string | undefined): void => {
    if (owner !== undefined) owners.set(path, owner);
  };
  return {
    ...reads,
    ...changes,
    spaces,
    owners,
    status: async (path) => {
      const status = await reads.status(path);
      return status && { ...status, uid: 0, gid: 0 };
    },
    space: async (path) => {
      const folders = [...spaces.keys()].sort((a, b) => b.length - a.length);
      const folder = folders.find((candidate) => `${path}/`.startsWith(`${candidate}/`)) ?? '';
      return spaces.get(folder) ?? { freeBytes: 100 * 2 ** 30, freeInodes: 1_000_000 };
    },
    write: async (path, content, attributes) => {
      await changes.write(path, content, attributes);
      note(path, attributes.owner);
    },
    copy: async (from, to, attributes) => {
      await changes.copy(from, to, attributes);
      note(to, attributes.owner);
    },
  };
}
