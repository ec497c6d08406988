// `refit doctor`: what keeps Refit from working here, and what to do about it. Changes nothing.
import { EXIT } from '../../api/commands.ts';
import { diagnose } from '../doctor/diagnose.ts';
import { doctorText } from '../doctor/doctor-text.ts';
import { readFacts } from '../doctor/read-facts.ts';
import type { Io } from '../io.ts';
import { withManagement, type ManagementFlags } from '../management.ts';
import { version } from '../version.ts';

export interface DoctorFlags extends Omit<ManagementFlags, 'namespace'> {
  output: 'table' | 'json';
}

/** Ends with 1 when there is an error among the findings. Errors: those of the client. */
export function doctor(flags: DoctorFlags, io: Io): Promise<number> {
  return withManagement(flags, async ({ client, clock }) => {
    const findings = diagnose(await readFacts(client, version(), clock.now()));
    if (flags.output === 'json') io.out(`${JSON.stringify({ findings }, undefined, 2)}\n`);
    else io.out(doctorText(findings, io));
    return findings.some(({ level }) => level === 'error') ? EXIT.failed : EXIT.done;
  });
}
