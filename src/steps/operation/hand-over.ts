// The node is given its list of steps: from here on it finishes on its own.
import type { DesiredConfiguration } from '../../api/desired-configuration.ts';
import { StatusError } from '../../api/errors.ts';
import { hostPlanDigest, type HostPlan } from '../../api/host-plan.ts';
import { desiredFile, logFile, planFile, reportFile } from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import { takeLock } from './lock.ts';
import {
  begunFile,
  bootId,
  drainedFile,
  handOverFile,
  readHandOver,
  waitingFile,
  writeRecord,
} from './records.ts';
import type { Site } from './site.ts';
import { isWorking } from './systemd.ts';
import { operationUnit, operationUnitFile, operationUnitText } from './units.ts';

const POLL_SECONDS = 2;

interface HandOverOptions {
  /** Given: plan and desired configuration are written now; else `stage` has left them. */
  desired?: DesiredConfiguration;
  /** How long another operation, or another list of this one, is waited for. */
  timeoutSeconds: number;
}

/** Starts the operation's unit, or finds it at work on this plan. Errors: StatusError Unavailable. */
export async function handOver(site: Site, plan: HostPlan, options: HandOverOptions): Promise<void> {
  const { clock } = site.host;
  const { timeoutSeconds } = options;
  const deadline = clock.monotonic() + timeoutSeconds;
  const begin = (): Promise<boolean> => beginUnit(site, plan, options.desired);
  while (!(await takeLock(site, plan.operation, timeoutSeconds, begin))) {
    if (clock.monotonic() >= deadline) {
      throw new StatusError(`operation ${plan.operation}: still at work on another list of steps`, {
        reason: 'Unavailable',
      });
    }
    await clock.sleep(POLL_SECONDS);
  }
}

export async function writePlan(site: Site, plan: HostPlan, desired: DesiredConfiguration): Promise<void> {
  await writeRecord(site.host, desiredFile(plan.operation), desired);
  await writeRecord(site.host, planFile(plan.operation), plan);
}

/**
 * Under the guard. False: the unit works on another plan. A unit file, not only a transient unit: a reboot in the middle
 * resumes it. The record comes after the unit file, so that a record without one means that the operation has ended.
 */
async function beginUnit(
  site: Site,
  plan: HostPlan,
  desired: DesiredConfiguration | undefined,
): Promise<boolean> {
  const { host, systemd, program } = site;
  const { operation } = plan;
  const unit = operationUnit(operation);
  const planSha256 = hostPlanDigest(plan);
  const isKnown = (await readHandOver(host, operation))?.planSha256 === planSha256;
  const [state] = await systemd.states([unit]);
  if (state && isWorking(state)) return isKnown;
  if (!isKnown) await forgetSteps(host, plan);
  if (desired) await writePlan(site, plan, desired);
  await host.files.write(operationUnitFile(operation), operationUnitText(operation, program), {
    mode: 0o644,
  });
  await writeRecord(host, handOverFile(operation), {
    planSha256,
    bootId: await bootId(host),
    at: host.clock.now().toISOString(),
  });
  await systemd.reload();
  await systemd.enable(unit);
  await systemd.start(unit);
  return true;
}

/** What was done before the hand-over, `verify` alone, says nothing of what is done after it. */
async function forgetSteps({ files }: Host, { operation, steps }: HostPlan): Promise<void> {
  for (const file of [drainedFile, waitingFile]) await files.remove(file(operation));
  for (const { name } of steps) {
    for (const file of [reportFile, begunFile, logFile]) await files.remove(file(operation, name));
  }
}
