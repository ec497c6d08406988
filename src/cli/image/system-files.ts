// The least root file system in which node (and nsenter) run, collected from this machine.
import path from 'node:path';
import type { Components } from '../../api/components.ts';
import type { Host } from '../../steps/host/host.ts';
import { refusal } from './refusal.ts';
import { fileFrom, textFile, type TreeEntry } from './tree.ts';

/** The ABI fixes where it is. */
const LOADERS: Readonly<Record<Components['architecture'], string>> = {
  amd64: '/lib64/ld-linux-x86-64.so.2',
  arm64: '/lib/ld-linux-aarch64.so.1',
};
/** glibc before 2.34 loads them by name when it looks up a host. */
const NAME_SERVICES = ['libnss_dns.so.2', 'libnss_files.so.2'];

export const NONROOT = 65_532;
const FILES: readonly TreeEntry[] = [
  textFile(
    'etc/passwd',
    `root:x:0:0:root:/:/sbin/nologin\nrefit:x:${NONROOT}:${NONROOT}:refit:/:/sbin/nologin\n`,
  ),
  textFile('etc/group', `root:x:0:\nrefit:x:${NONROOT}:\n`),
  // The default of glibc asks DNS before /etc/hosts.
  textFile('etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n'),
  { path: 'tmp', kind: 'folder', mode: 0o1777 },
];

/** Of node: what hosts have, too. The node of a distribution needs more. */
const HOST_LIBRARIES = /^(ld-linux|libatomic|libc|libdl|libgcc_s|libm|libpthread|librt|libstdc\+\+)[-.]/;

export interface SystemFiles {
  entries: readonly TreeEntry[];
  /** Those that come from this machine. */
  paths: readonly string[];
}

/** `programs`: besides node. Errors: BadInput when this machine has not got what is needed. */
export async function collectSystem(
  host: Host,
  {
    architecture,
    node,
    programs,
  }: { architecture: Components['architecture']; node: string; programs: readonly string[] },
): Promise<SystemFiles> {
  const libraries = new Set(await nodeLibraries(host, architecture, node));
  const folder = path.dirname([...libraries].find((file) => path.basename(file) === 'libc.so.6') ?? '/');
  const loaded: string[] = [];
  for (const service of NAME_SERVICES.map((name) => path.join(folder, name))) {
    if ((await host.files.resolve(service)) !== undefined) loaded.push(service);
  }
  for (const program of [...programs, ...loaded]) {
    for (const library of await librariesOf(host, architecture, program)) libraries.add(library);
  }
  const paths = [...libraries, ...loaded, ...programs].sort();
  const entries = await Promise.all(paths.map((file) => fileFrom(file.slice(1), file, 0o755)));
  return { entries: [...FILES, ...entries], paths };
}

/** Errors: BadInput when hosts could not run it. */
export async function nodeLibraries(
  host: Host,
  architecture: Components['architecture'],
  node: string,
): Promise<readonly string[]> {
  const libraries = await librariesOf(host, architecture, node);
  const foreign = libraries.map((file) => path.basename(file)).filter((name) => !HOST_LIBRARIES.test(name));
  if (foreign.length === 0) return libraries;
  throw refusal(
    `${node}: needs ${foreign.join(', ')}, which nodes need not have: use the node of \`npm ci\` (npx node)`,
  );
}

/** The loader first. As they are found without /etc/ld.so.cache, which the image does not have. */
export async function librariesOf(
  host: Host,
  architecture: Components['architecture'],
  program: string,
): Promise<readonly string[]> {
  const loader = LOADERS[architecture];
  if ((await host.files.resolve(loader)) === undefined) {
    throw refusal(`${loader}: got none, expected a machine with glibc: its libraries go into the image`);
  }
  const { code, stdout, stderr } = await host.run([loader, '--inhibit-cache', '--list', program]);
  const missing = /^\s*(\S+) => not found/m.exec(stdout)?.[1] ?? (code === 0 ? undefined : stderr.trim());
  if (missing !== undefined) throw refusal(`${program}: not found in the usual folders: ${missing}`);
  return [loader, ...Array.from(stdout.matchAll(/ => (\/\S+) \(/g), ([, file = '']) => file)];
}
