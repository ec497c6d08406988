// What the operation's unit does: the list of the node, one step after the other, whether anybody waits for it or not.
import { badInput } from '../../api/errors.ts';
import type { HostPlan, ListedStep } from '../../api/host-plan.ts';
import { isBad, WATCHDOG_GAVE_UP, type StepReport } from '../../api/step-result.ts';
import { boundedMessage } from '../host/messages.ts';
import type { StepContext } from '../node/node-step.ts';
import { awaitDrain } from './await-drain.ts';
import { endOperation } from './end-operation.ts';
import { checkIdentity } from './identity.ts';
import { takeLock } from './lock.ts';
import type { NodeSteps } from './node-steps.ts';
import { performFlipStep } from './perform-flip-step.ts';
import { performLogged } from './perform-logged.ts';
import {
  bootId,
  giveUpFile,
  handOverFile,
  isCancelled,
  readBegun,
  readCheckedPlan,
  readGiveUp,
  readHandOver,
  readReport,
  writeReport,
} from './records.ts';
import { makeReport } from './reports.ts';
import { restoreOperation } from './restore-operation.ts';
import type { Site } from './site.ts';

/**
 * ended: every step has its report, and the node is free. waiting: the machine was booted before the first step began; a
 * fresh launch must say that the plan is still wanted. stopped: by the signal, between two commands; the next start goes on.
 */
export type RunResult = 'ended' | 'waiting' | 'stopped';

/** Errors: StatusError BadInput when the plan is not the one handed over, or not for this machine: nothing is done then. */
export async function runOperation(
  site: Site,
  steps: NodeSteps,
  { operation, signal }: { operation: string; signal: AbortSignal },
): Promise<RunResult> {
  const plan = await checkedPlan(site, operation);
  await takeLock(site, operation, 0, async () => undefined);
  if (await isForgotten(site, plan)) {
    site.host.log(`operation ${operation}: booted before its first step: waits for a fresh launch`);
    return 'waiting';
  }
  await obeyWatchdog(site, steps, plan);
  const result = await runSteps(site, steps, plan, signal);
  if (result === 'ended') await site.guard.hold(() => endOperation(site, operation));
  return result;
}

async function runSteps(
  site: Site,
  steps: NodeSteps,
  plan: HostPlan,
  signal: AbortSignal,
): Promise<'ended' | 'stopped'> {
  const { host } = site;
  const { operation } = plan;
  let bad: StepReport | undefined;
  for (const listed of plan.steps) {
    const { name, timeoutSeconds } = listed;
    let report = await readReport(host, operation, name);
    if (report === undefined) {
      if (signal.aborted) return 'stopped';
      const refused = await refusal(site, plan, listed, { bad, signal });
      if (refused === 'stopped') return 'stopped';
      report = refused ?? (await performFlipStep(site, steps, { plan, name, timeoutSeconds, signal }));
      if (report === undefined) return 'stopped';
      await writeReport(host, report);
      const { outcome, durationSeconds, message } = report.result;
      host.log(`step ${name}: ${outcome} in ${durationSeconds.toFixed(1)} s: ${message}`);
    }
    if (isBad(report)) bad ??= report;
  }
  return 'ended';
}

/**
 * Why the step does not begin: a step before it ended badly, the operation was told to stop, or nobody drained the node
 * for it, which is waited for.
 */
async function refusal(
  site: Site,
  plan: HostPlan,
  listed: ListedStep,
  { bad, signal }: { bad: StepReport | undefined; signal: AbortSignal },
): Promise<StepReport | 'stopped' | undefined> {
  const { host } = site;
  const { name, waitSeconds } = listed;
  const refused = (outcome: 'failed' | 'cancelled', why: string): StepReport =>
    makeReport({ operation: plan.operation, step: name }, outcome, `not begun: ${why}`, host);
  if (bad?.result.outcome === 'failed') return refused('failed', `step ${bad.result.step} failed`);
  if (bad === undefined && waitSeconds !== undefined) {
    const wait = await awaitDrain(site, plan, { ...listed, waitSeconds }, signal);
    if (wait === 'stopped') return 'stopped';
    if (wait === 'late') return refused('failed', `nobody has drained the node in ${waitSeconds} s`);
  }
  const isOver = bad !== undefined || (await isCancelled(host, plan.operation));
  return isOver ? refused('cancelled', 'the operation was told to stop') : undefined;
}

async function checkedPlan({ host }: Site, operation: string): Promise<HostPlan> {
  const handedOver = await readHandOver(host, operation);
  if (!handedOver) throw badInput(handOverFile(operation), undefined, 'the record of a launch');
  const plan = await readCheckedPlan(host, operation, handedOver.planSha256);
  await checkIdentity(host, plan);
  return plan;
}

/** Nobody knows how long the machine was off: what has not begun may not be wanted any more. */
async function isForgotten({ host }: Site, { operation, steps }: HostPlan): Promise<boolean> {
  if ((await readHandOver(host, operation))?.bootId === (await bootId(host))) return false;
  if (await isCancelled(host, operation)) return false;
  const begun = await Promise.all(steps.map(({ name }) => readBegun(host, operation, name)));
  return begun.every((record) => record === undefined);
}

/** The watchdog gave a step up and started this unit anew: that is honoured before anything else. */
async function obeyWatchdog(site: Site, steps: NodeSteps, plan: HostPlan): Promise<void> {
  const { host } = site;
  const { operation } = plan;
  const giveUp = await readGiveUp(host, operation);
  if (giveUp !== undefined && (await readReport(host, operation, giveUp.step)) === undefined) {
    const { step, reason } = giveUp;
    const begun = await readBegun(host, operation, step);
    const time = { clock: host.clock, ...(begun && { since: new Date(begun.startedAt) }) };
    await performLogged(site, plan, step, async (logged) => {
      logged.log(`${step}: given up by the watchdog: ${reason}`);
      const context: StepContext = { plan, desired: undefined, components: undefined };
      const restoration = giveUp.restore ? await restoreOperation(steps, logged, context) : undefined;
      const message = boundedMessage([`${WATCHDOG_GAVE_UP}${reason}`, ...(restoration?.messages ?? [])]);
      const report = makeReport({ operation, step }, 'failed', message, time);
      await writeReport(host, {
        ...report,
        result: { ...report.result, changes: restoration?.changes ?? [] },
      });
    });
  }
  await host.files.remove(giveUpFile(operation));
}
