// The programs of the new images are read once while the old control plane serves: those that were never read since they
// were imported take seconds longer to start, all four of them at once.
import { basename, dirname } from 'node:path/posix';
import { StatusError } from '../../../api/errors.ts';
import type { Host } from '../../host/host.ts';
import type { StaticPodName } from '../static-pods.ts';
import { flipProcesses } from './static-pod-ends.ts';

/** Where the images of a control plane have them, by the names of their pods. */
const PROGRAMS = '/usr/local/bin';

/**
 * Of all images that the container runtime has unpacked beside that of the old pod: which layer is the new one's only the
 * runtime knows. Errors: none but mistakes; it is only a matter of time.
 */
export async function warmProgram(host: Host, operation: string, pod: StaticPodName): Promise<void> {
  try {
    const [process] = await flipProcesses(host, operation, pod);
    const layer = process && layerOf(String(await host.files.read(`/proc/${process.pid}/mountinfo`)));
    if (layer === undefined) return host.log(`${pod}: its images are not found, and not read beforehand`);
    const [layers, content] = [dirname(dirname(layer)), basename(layer)];
    for (const name of await host.files.list(layers)) {
      const program = `${layers}/${name}/${content}${PROGRAMS}/${pod}`;
      if ((await host.files.status(program))?.kind === 'file') await host.files.sha256(program);
    }
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    host.log(`${pod}: its images are not read beforehand: ${error.message}`);
  }
}

/** The layer that a container writes to; containerd and CRI-O keep all layers of all images beside it. Pure. */
export function layerOf(mountinfo: string): string | undefined {
  const root = mountinfo.split('\n').find((line) => line.split(' ')[4] === '/');
  return /^overlay \S+ (?:\S*,)?upperdir=(\/[^,\s\\]+)(?=,|$)/.exec(root?.split(' - ')[1] ?? '')?.[1];
}
