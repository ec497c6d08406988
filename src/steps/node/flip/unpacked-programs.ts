// The program of a static pod in the images that the container runtime has unpacked: to be read, or asked, before it starts.
import { basename, dirname } from 'node:path/posix';
import type { Host } from '../../host/host.ts';
import type { StaticPodName } from '../static-pods.ts';
import { flipProcesses } from './static-pod-ends.ts';

/** Where the images of a control plane have them, by the names of their pods. */
const PROGRAMS = '/usr/local/bin';

/**
 * Its paths in all layers beside that of the old pod: which one is the new image's only the runtime knows. undefined: the
 * layers are not found. Errors: StatusError Failed.
 */
export async function unpackedPrograms(
  host: Host,
  operation: string,
  pod: StaticPodName,
): Promise<string[] | undefined> {
  const [process] = await flipProcesses(host, operation, pod);
  const layer = process && layerOf(String(await host.files.read(`/proc/${process.pid}/mountinfo`)));
  if (layer === undefined) return undefined;
  const [layers, content] = [dirname(dirname(layer)), basename(layer)];
  const found: string[] = [];
  for (const name of await host.files.list(layers)) {
    const program = `${layers}/${name}/${content}${PROGRAMS}/${pod}`;
    if ((await host.files.status(program))?.kind === 'file') found.push(program);
  }
  return found;
}

/** The layer that a container writes to; containerd and CRI-O keep all layers of all images beside it. Pure. */
export function layerOf(mountinfo: string): string | undefined {
  const root = mountinfo.split('\n').find((line) => line.split(' ')[4] === '/');
  return /^overlay \S+ (?:\S*,)?upperdir=(\/[^,\s\\]+)(?=,|$)/.exec(root?.split(' - ')[1] ?? '')?.[1];
}
