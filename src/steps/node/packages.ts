// Who else believes to own the programs of this node: dpkg, which is not told, and puts its own files back.
import { StatusError } from '../../api/errors.ts';
import type { Host } from '../host/host.ts';
import { note, type Finding } from './findings.ts';

export const DPKG_QUERY = '/usr/bin/dpkg-query';

/** Path -> package; paths of no package are not in it, and none are on a host without dpkg. Errors: StatusError Failed. */
export async function packageOwners(
  host: Host,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const isDpkgHere = (await host.files.status(DPKG_QUERY)) !== undefined;
  if (paths.length === 0 || !isDpkgHere) return new Map();
  const { code, stdout, stderr } = await host.run(['dpkg-query', '-S', ...paths]);
  // 1: some are of no package.
  if (code === 0 || code === 1) return parseOwners(stdout, paths);
  throw new StatusError(`dpkg-query -S: got exit code ${code}: ${stderr.trim()}`, { reason: 'Failed' });
}

/** Lines like `kubelet: /usr/bin/kubelet`, `libc6:amd64, libc6:i386: /lib`, `diversion by x from: /y`. */
export function parseOwners(text: string, paths: readonly string[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  for (const [, names = '', path = ''] of text.matchAll(/^(?!diversion by )(.+?): (\/.*)$/gm)) {
    // The paths that are asked for are patterns to dpkg.
    if (paths.includes(path)) owners.set(path, names.replace(/,.*$/, '').replace(/:[^:]+$/, ''));
  }
  return owners;
}

/** Errors: StatusError Failed. */
export async function inspectPackages(host: Host, paths: readonly string[]): Promise<readonly Finding[]> {
  const owners = await packageOwners(host, paths);
  if (owners.size === 0) return [];
  const { code, stdout, stderr } = await host.run(['apt-mark', 'showhold']);
  if (code !== 0) {
    throw new StatusError(`apt-mark showhold: got exit code ${code}: ${stderr.trim()}`, { reason: 'Failed' });
  }
  const held = stdout.split('\n').map((name) => name.replace(/:.*$/, ''));
  return packageFindings(owners, held);
}

export function packageFindings(
  owners: ReadonlyMap<string, string>,
  held: readonly string[],
): readonly Finding[] {
  return [...new Set(owners.values())].map((name) => {
    const files = [...owners].filter(([, owner]) => owner === name).map(([path]) => path);
    const owned = `package ${name} (${files.join(', ')})`;
    return held.includes(name)
      ? note(`${owned}: on hold, which is kept`)
      : note(
          `${owned}: got no hold: its next upgrade puts an own version back, so hold it (apt-mark hold ${name})`,
        );
  });
}
