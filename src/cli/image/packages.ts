// The Debian packages that the files of an image come from. Other systems have none that we can name.
import path from 'node:path';
import type { Host } from '../../steps/host/host.ts';
import { fileDigest } from './file-digest.ts';

export interface SystemFile {
  path: string;
  sha256: string;
}

export interface Package {
  name: string;
  version: string;
  architecture: string;
  /** Those that are in the image, if not all of them are. */
  files?: readonly SystemFile[];
}

export interface SystemContents {
  /** Like debian and 12. */
  distribution: { id: string; version: string };
  packages: readonly Package[];
  /** Of no package that we know. */
  files: readonly SystemFile[];
}

/** All that is installed below a root folder. */
export async function installedPackages({ files }: Host, root: string): Promise<SystemContents> {
  const read = async (file: string): Promise<string> =>
    (await files.read(path.join(root, file)))?.toString() ?? '';
  const release = await read('/etc/os-release');
  const value = (key: string): string => new RegExp(`^${key}="?([^"\n]*)`, 'm').exec(release)?.[1] ?? '';
  return {
    distribution: { id: value('ID'), version: value('VERSION_ID') },
    packages: parseStatus(await read('/var/lib/dpkg/status')),
    files: [],
  };
}

/** Those that own the given files of this machine. */
export async function owningPackages(host: Host, paths: readonly string[]): Promise<SystemContents> {
  const { distribution, packages } = await installedPackages(host, '/');
  const owners = packages.length === 0 ? new Map<string, string>() : await findOwners(host, paths);
  const owned = new Map<Package, SystemFile[]>();
  const files: SystemFile[] = [];
  for (const file of paths) {
    const found = { path: file, sha256: await fileDigest(host, file) };
    const owner = packages.find(({ name, architecture }) =>
      [name, `${name}:${architecture}`].includes(owners.get(file) ?? ''),
    );
    if (owner === undefined) files.push(found);
    else owned.set(owner, [...(owned.get(owner) ?? []), found]);
  }
  return { distribution, packages: [...owned].map(([owner, of]) => ({ ...owner, files: of })), files };
}

/** `libc6:amd64` or `util-linux` by path. dpkg may know a file of /usr/lib as one of /lib, or the other way round. */
async function findOwners(host: Host, paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const candidates = paths.flatMap((file) => [file, `/usr${file}`, file.replace(/^\/usr\//, '/')]);
  // Its exit code says that some were not found.
  const { stdout } = await host.run(['dpkg-query', '--search', ...new Set(candidates)]);
  const owners = new Map<string, string>();
  for (const line of stdout.split('\n')) {
    const [, owner, found] = /^([^\s,]+): (\/.*)$/.exec(line) ?? [];
    if (owner === undefined || found === undefined) continue;
    for (const file of paths) {
      if (file.replace(/^\/usr\//, '/') === found.replace(/^\/usr\//, '/')) owners.set(file, owner);
    }
  }
  return owners;
}

function parseStatus(status: string): Package[] {
  return status.split('\n\n').flatMap((paragraph) => {
    const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(paragraph)?.[1] ?? '';
    const [name, version, architecture] = [field('Package'), field('Version'), field('Architecture')];
    return field('Status').endsWith(' installed') ? [{ name, version, architecture }] : [];
  });
}
