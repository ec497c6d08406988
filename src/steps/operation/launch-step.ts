// A step that the node does at once, in a transient unit of its own: quiet ones, `verify` alone, `rollback`.
import { StatusError } from '../../api/errors.ts';
import type { StepReport } from '../../api/step-result.ts';
import { logFile, reportFile } from '../host/folders.ts';
import { awaitReport } from './await-report.ts';
import { withdrawUnit } from './end-operation.ts';
import { LOCKED_STEPS, takeLock } from './lock.ts';
import { stepInputFile, type StepInput } from './node-input.ts';
import { readHandOver, readReport, writeRecord } from './records.ts';
import type { Site } from './site.ts';
import { isWorking } from './systemd.ts';
import { operationUnit, stepUnit } from './units.ts';

/** For what comes before and after the work itself. */
const MARGIN_SECONDS = 120;

/**
 * Starts its unit, or attaches to it when it runs already, and waits. A step that was done before is done again: that is
 * cheap, and what it found may have changed. Errors: StatusError Unavailable when the lock is another's for too long.
 */
export async function launchStep(
  site: Site,
  given: StepInput,
  out: (text: string) => void,
): Promise<StepReport> {
  const { step, plan, timeoutSeconds } = given.input;
  const { operation } = plan;
  const begin = (): Promise<void> => beginStep(site, given);
  if (!isLocked(step)) await site.guard.hold(begin);
  else await takeLock(site, operation, step === 'rollback' ? 0 : timeoutSeconds, begin);
  return awaitReport(site, { operation, step, unit: stepUnit(operation, step) }, out);
}

/** Done again, it would find the half of the work that is left, and tell those that come late another plan. */
function isBeforeHandOver(step: string): boolean {
  return step === 'preflight' || isLocked(step);
}

export function isLocked(step: string): boolean {
  return LOCKED_STEPS.some((locked) => locked === step);
}

/** Under the guard: of two launches at once the second one finds the unit of the first. */
async function beginStep(site: Site, given: StepInput): Promise<void> {
  const { host, systemd, program } = site;
  const { step, plan, timeoutSeconds } = given.input;
  const { operation } = plan;
  const unit = stepUnit(operation, step);
  const [own, group] = await systemd.states([unit, operationUnit(operation)]);
  if (own && isWorking(own)) return;
  if (step === 'rollback') {
    if (group && isWorking(group))
      throw failed(`operation ${operation} still works on this node: cancel it first`);
    // Else it would go on after a reboot.
    await withdrawUnit(site, operation);
  } else if (isBeforeHandOver(step) && (await readHandOver(host, operation)) !== undefined) {
    if ((await readReport(host, operation, step)) !== undefined) return;
    if (isLocked(step))
      throw failed(`step ${step}: operation ${operation} was handed over to the node already`);
  }
  await host.files.remove(reportFile(operation, step));
  await host.files.remove(logFile(operation, step));
  await writeRecord(host, stepInputFile(operation, step), given);
  const argv = [...program, 'host', 'run', `--operation=${operation}`, `--step=${step}`] as const;
  await systemd.startTransient(unit, argv, timeoutSeconds + MARGIN_SECONDS);
}

function failed(message: string): StatusError {
  return new StatusError(message, { reason: 'Failed' });
}
