// Programs of this machine's distribution, with the libraries that they need.
import { systemClock } from '../../../src/cli/clock.ts';
import { architectureOf } from '../../../src/cli/image/contents.ts';
import { librariesOf } from '../../../src/cli/image/system-files.ts';
import { createLocalHost } from '../../../src/steps/host/local-host.ts';
import { requirePrograms } from '../../host/root-folder.ts';

const FOLDERS = ['/usr/sbin', '/usr/bin', '/sbin', '/bin'];

interface SystemPrograms {
  programs: Readonly<Record<string, string>>;
  libraries: Readonly<Record<string, string>>;
}

/** Program -> Debian's package, which is installed if it is missing. They are where this machine has them. */
export async function systemPrograms(packages: Readonly<Record<string, string>>): Promise<SystemPrograms> {
  requirePrograms(packages);
  const host = createLocalHost({ clock: systemClock(), log: () => undefined });
  const [programs, libraries]: [Record<string, string>, Record<string, string>] = [{}, {}];
  for (const name of Object.keys(packages)) {
    const candidates = FOLDERS.map((folder) => `${folder}/${name}`);
    const states = await Promise.all(candidates.map((file) => host.files.resolve(file)));
    const file = candidates.find((_, index) => states[index] !== undefined);
    if (file === undefined) throw new Error(`${name}: got none in ${FOLDERS.join(', ')}, expected it there`);
    programs[file] = file;
    for (const library of await librariesOf(host, architectureOf(process), file))
      libraries[library] = library;
  }
  return { programs, libraries };
}
