// What a transient unit does: one step, at once, as its launch told it.
import type { NodeCommand } from '../../api/commands.ts';
import { COMPONENTS_FILE } from '../../api/components.ts';
import { StatusError } from '../../api/errors.ts';
import { isBad, type StepReport } from '../../api/step-result.ts';
import { isFlipStep } from '../../api/steps.ts';
import type { Host } from '../host/host.ts';
import { reasonOf, stackOf } from '../host/messages.ts';
import { performStep } from '../host/perform-step.ts';
import { readJson } from '../node/json-file.ts';
import type { StepContext } from '../node/node-step.ts';
import { readStaged } from '../node/staged.ts';
import { endOperation } from './end-operation.ts';
import { isLocked } from './launch-step.ts';
import { leavePlan } from './leave-plan.ts';
import { lockHolder } from './lock.ts';
import { checkNodeInput, stepInputFile, stepInputSchema, type StepInput } from './node-input.ts';
import { stepOf, type NodeSteps } from './node-steps.ts';
import { performInTime } from './perform-in-time.ts';
import { performLogged } from './perform-logged.ts';
import { performRollback } from './perform-rollback.ts';
import { begunFile, isCancelled, readHandOver, writeRecord, writeReport } from './records.ts';
import { makeReport } from './reports.ts';
import type { Site } from './site.ts';

/** Errors: StatusError Unavailable for passing trouble: then there is no report, and the next launch does it again. */
export async function runStep(
  site: Site,
  steps: NodeSteps,
  { operation, step, signal }: { operation: string; step: NodeCommand; signal: AbortSignal },
): Promise<void> {
  const { host } = site;
  const given = await takeInput(host, operation, step);
  const since = host.clock.now();
  await writeRecord(host, begunFile(operation, step), { startedAt: since.toISOString() });
  const report = await performLogged(site, given.input.plan, step, async (logged) => {
    try {
      return await perform(site, steps, { given, host: logged, signal });
    } catch (error) {
      logged.log(`${step}: ${reasonOf(error)}${stackOf(error)}`);
      if (error instanceof StatusError && error.reason === 'Unavailable') throw error;
      return makeReport({ operation, step }, 'failed', reasonOf(error), { clock: host.clock, since });
    }
  });
  // Handed over meanwhile: the unit's own `verify` must not find this one's report.
  if (isFlipStep(step) && (await readHandOver(host, operation)) !== undefined) return;
  await writeReport(host, report);
  if (step === 'rollback' && !isBad(report)) await site.guard.hold(() => endOperation(site, operation));
}

interface Performance {
  given: StepInput;
  host: Host;
  signal: AbortSignal;
}

async function perform(
  site: Site,
  steps: NodeSteps,
  { given, host, signal }: Performance,
): Promise<StepReport> {
  const { input, components: brought } = given;
  const { step, plan, desired, timeoutSeconds } = input;
  const { operation } = plan;
  await checkNodeInput(host, input);
  if (isLocked(step)) await checkLock(host, operation);
  // Going back needs nothing that was staged: a damaged stage folder must not stand in its way.
  if (step === 'rollback') {
    const context: StepContext = { plan, desired, components: undefined };
    return performRollback(steps, host, context, input.dataLoss ?? 'refuse');
  }
  if (await isCancelled(host, operation)) {
    return makeReport({ operation, step }, 'cancelled', 'not begun: the operation was told to stop', host);
  }
  const components = brought ?? (await readStaged(host, plan.release));
  const context: StepContext = { plan, desired, components, hasElsewhere: input.hasElsewhere };
  // `verify` alone waits as it does in the list; the others may be launched again.
  const performance = step === 'verify' ? performInTime : performStep;
  const report = await performance(stepOf(steps, step), host, context, { timeoutSeconds, signal });
  if (isBad(report) && brought && !(await isThere(host, brought.folder))) {
    throw new StatusError(`${brought.folder}: gone, the container that brought it has ended`, {
      reason: 'Unavailable',
    });
  }
  return step === 'stage' ? leavePlan(site, steps, { host, context, report }) : report;
}

/** It may hold secrets: gone as soon as it is read. */
async function takeInput(host: Host, operation: string, step: NodeCommand): Promise<StepInput> {
  const file = stepInputFile(operation, step);
  const given = await readJson(host, file, stepInputSchema);
  await host.files.remove(file);
  if (given?.input.step === step && given.input.plan.operation === operation) return given;
  throw failed(`${file}: got ${given ? 'that of another step' : 'none'}, expected the input of this step`);
}

async function checkLock(host: Host, operation: string): Promise<void> {
  const holder = await lockHolder(host);
  if (holder === operation) return;
  throw failed(`host lock: got ${holder ?? 'nobody'} as its holder, expected ${operation}`);
}

async function isThere(host: Host, folder: string): Promise<boolean> {
  return (await host.files.status(`${folder}/${COMPONENTS_FILE}`)) !== undefined;
}

function failed(message: string): StatusError {
  return new StatusError(message, { reason: 'Failed' });
}
