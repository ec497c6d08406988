// The machine that this program runs on (inside its namespaces).
import type { Clock } from '../../api/clock.ts';
import { runCommand } from './command.ts';
import type { Host } from './host.ts';
import { download, httpRequest } from './http.ts';
import { createLocalFiles } from './local-files.ts';
import { resolveOwner } from './owner.ts';

/** Where hosts by image-builder keep programs; /opt/bin: Flatcar and hand-made ones. */
const PROGRAM_FOLDERS = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/bin';

interface LocalHostOptions {
  clock: Clock;
  log: (line: string) => void;
  /** Put before every file path, for tests; commands see the machine as it is. */
  root?: string;
  /** PATH of commands. */
  path?: string;
}

export function createLocalHost({ clock, log, root = '/', path = PROGRAM_FOLDERS }: LocalHostOptions): Host {
  const run: Host['run'] = (argv, options = {}) => runCommand(argv, options, { clock, path });
  return {
    clock,
    files: createLocalFiles(root, (owner, otherwise) => resolveOwner(owner, otherwise, { root, run })),
    run,
    http: (request) => httpRequest(request, clock),
    download: (request) => download(request, clock),
    log,
  };
}
