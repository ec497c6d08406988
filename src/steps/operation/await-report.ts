// Waiting for a step that a unit does: its log as it grows, then its report.
import { StringDecoder } from 'node:string_decoder';
import type { NodeCommand } from '../../api/commands.ts';
import { StatusError } from '../../api/errors.ts';
import type { StepReport } from '../../api/step-result.ts';
import { logFile } from '../host/folders.ts';
import { readReport } from './records.ts';
import type { Site } from './site.ts';
import { isWorking } from './systemd.ts';

const POLL_SECONDS = 0.2;
/** Asking systemd costs a process. */
const LOOKS_PER_UNIT_CHECK = 5;

/**
 * The unit bounds the step, so there is no other bound here. `out` gets the log from its beginning, whoever began the step.
 * Errors: StatusError Unavailable when the unit ended without a report.
 */
export async function awaitReport(
  site: Site,
  { operation, step, unit }: { operation: string; step: NodeCommand; unit: string },
  out: (text: string) => void,
): Promise<StepReport> {
  const follow = follower(site, logFile(operation, step), out);
  /** In this order: what a step logs comes before its report. */
  const look = async (): Promise<StepReport | undefined> => {
    const report = await readReport(site.host, operation, step);
    await follow();
    return report;
  };
  // Twice in a row: between a stop and the start that follows it, a unit works for a moment as little as after its end.
  let idleChecks = 0;
  for (let looks = 1; ; looks += 1) {
    const report = await look();
    if (report !== undefined) return report;
    if (looks % LOOKS_PER_UNIT_CHECK === 0)
      idleChecks = (await isUnitWorking(site, unit)) ? 0 : idleChecks + 1;
    if (idleChecks === 2) {
      const last = await look();
      if (last !== undefined) return last;
      throw new StatusError(`${unit}: ended without a report of step ${step}, see journalctl -u ${unit}`, {
        reason: 'Unavailable',
      });
    }
    await site.host.clock.sleep(POLL_SECONDS);
  }
}

async function isUnitWorking({ systemd }: Site, unit: string): Promise<boolean> {
  return (await systemd.states([unit])).some(isWorking);
}

/** Each call gives what the file has grown by. */
function follower({ logs }: Site, file: string, out: (text: string) => void): () => Promise<void> {
  const decoder = new StringDecoder('utf8');
  let offset = 0;
  return async () => {
    const added = await logs.read(file, offset);
    offset += added.length;
    if (added.length > 0) out(decoder.write(added));
  };
}
