import path from 'node:path';
import { architectureOf } from '../../../src/cli/image/contents.ts';
import { fileFrom, textFile, type TreeEntry } from '../../../src/cli/image/tree.ts';
import { writeArchive, type Image } from '../../../src/cli/image/write-archive.ts';

export interface ImageRecipe {
  name: string;
  tag: string;
  /** Files of this machine that it is made from. */
  sources: readonly string[];
  /** What else makes it another image. */
  inputs: unknown;
  /** Writes the archive and gives the digest. */
  make: (archive: string) => Promise<string>;
}

export interface Contents {
  /** Path in the image -> file of this machine. The first one is what the image runs. */
  programs: Readonly<Record<string, string>>;
  /** Path in the image -> file of this machine. */
  libraries?: Readonly<Record<string, string>>;
  user?: number;
}

const SYSTEM: readonly TreeEntry[] = [
  textFile('etc/passwd', 'root:x:0:0:root:/:/sbin/nologin\n'),
  textFile('etc/group', 'root:x:0:\n'),
  textFile('etc/nsswitch.conf', 'hosts: files dns\n'),
  { path: 'tmp', kind: 'folder', mode: 0o1777 },
];
const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** An image that is imported by its tag and by its digest. */
export function imageRecipe(name: string, tag: string, contents: Contents): ImageRecipe {
  const { programs, libraries = {}, user = 0 } = contents;
  return {
    name,
    tag,
    sources: [...Object.values(programs), ...Object.values(libraries)],
    inputs: { contents, architecture: architectureOf(process), SYSTEM, PATH },
    make: async (archive) => {
      const image: Image = {
        architecture: architectureOf(process),
        layers: [[...SYSTEM, ...(await files(libraries))], await files(programs)],
        config: {
          User: `${user}:${user}`,
          Env: [PATH],
          Entrypoint: Object.keys(programs).slice(0, 1),
          WorkingDir: '/',
          Labels: {},
        },
      };
      return (await writeArchive(archive, image, { name, tag, isTagged: true })).digest;
    },
  };
}

/** `/usr/local/bin/etcd` of the binary etcd-3.5. */
export function localProgram(name: string, file: string): [string, string] {
  return [path.posix.join('/usr/local/bin', name), file];
}

function files(of: Readonly<Record<string, string>>): Promise<TreeEntry[]> {
  return Promise.all(Object.entries(of).map(([inside, file]) => fileFrom(inside.slice(1), file, 0o755)));
}
