// The programs of the new images are read once while the old control plane serves: those that were never read since they
// were imported take seconds longer to start, all four of them at once.
import { StatusError } from '../../../api/errors.ts';
import type { Host } from '../../host/host.ts';
import type { StaticPodName } from '../static-pods.ts';
import { unpackedPrograms } from './unpacked-programs.ts';

/** Errors: none but mistakes; it is only a matter of time. */
export async function warmProgram(host: Host, operation: string, pod: StaticPodName): Promise<void> {
  try {
    const programs = await unpackedPrograms(host, operation, pod);
    if (programs === undefined) return host.log(`${pod}: its images are not found, and not read beforehand`);
    for (const program of programs) await host.files.sha256(program);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    host.log(`${pod}: its images are not read beforehand: ${error.message}`);
  }
}
