// One launch of one step on this machine: from a checked input to the step's report.
import { badInput, StatusError } from '../../api/errors.ts';
import { hostPlanDigest, type HostPlan } from '../../api/host-plan.ts';
import type { NodeInput } from '../../api/node-input.ts';
import type { StepReport } from '../../api/step-result.ts';
import { isFlipStep, step as stepRow } from '../../api/steps.ts';
import { STATE_FOLDER } from '../host/folders.ts';
import { awaitReport } from './await-report.ts';
import { finishOperation } from './finish.ts';
import { handOver } from './hand-over.ts';
import { launchStep } from './launch-step.ts';
import { checkNodeInput, type StepInput } from './node-input.ts';
import { readCheckedPlan, readHandOver, readReport } from './records.ts';
import { isBad, makeReport } from './reports.ts';
import type { Site } from './site.ts';
import { operationUnit, operationUnitFile } from './units.ts';

type Out = (text: string) => void;

/**
 * `out` gets the step's log. Errors: StatusError BadInput for what does not fit to this machine or to the plan on it,
 * Unavailable for what may pass, Failed for what must not be done.
 */
export async function launch(site: Site, given: StepInput, out: Out): Promise<StepReport> {
  const { input } = given;
  await checkNodeInput(site.host, input);
  // Before anything waits for the guard, whose file is in it.
  await site.host.files.makeFolder(STATE_FOLDER, 0o700);
  if (input.step === 'finish') return finishOperation(site, input);
  if (!isFlipStep(input.step)) return launchStep(site, given, out);
  return input.planSha256 === '' ? launchAlone(site, given, out) : launchOfList(site, given, out);
}

/** One step of the list that `stage` left on this host. */
async function launchOfList(site: Site, given: StepInput, out: Out): Promise<StepReport> {
  const { step, plan, planSha256, timeoutSeconds } = given.input;
  const { operation } = plan;
  const digest = hostPlanDigest(plan);
  if (digest !== planSha256) throw badInput('plan: sha256', digest, planSha256);
  await readCheckedPlan(site.host, operation, planSha256);
  const names = plan.steps.map(({ name }) => name);
  if (!names.some((name) => name === step))
    throw badInput('step', step, `one of the list ${names.join(', ')}`);

  // In this order: a unit file is removed only when all reports are there.
  const handedOver = await readHandOver(site.host, operation);
  const hasUnit = (await site.host.files.status(operationUnitFile(operation))) !== undefined;
  if ((await readReport(site.host, operation, step)) === undefined) {
    const [first] = names;
    if (!hasUnit && handedOver === undefined && step !== first) {
      // It changes nothing, so it may be done when there was nothing to hand over.
      if (step === 'verify') return launchStep(site, given, out);
      throw failed(`step ${step}: not handed over: step ${first} has not begun on this node`);
    }
    if (!hasUnit && handedOver)
      throw failed(`step ${step}: operation ${operation} ended before it on this node`);
    await handOver(site, plan, { timeoutSeconds });
  }
  return awaitReport(site, { operation, step, unit: operationUnit(operation) }, out);
}

/** Nothing was staged for it: staged now, then a list of this one step. */
async function launchAlone(site: Site, given: StepInput, out: Out): Promise<StepReport> {
  const { input } = given;
  const { step, desired, timeoutSeconds } = input;
  if (step === 'verify') return launchStep(site, given, out);
  const plan = planOfOne(input);
  const { operation } = plan;
  if ((await readReport(site.host, operation, step)) === undefined) {
    const stage: NodeInput = {
      ...input,
      step: 'stage',
      plan,
      timeoutSeconds: stepRow('stage').timeoutSeconds,
    };
    const staged = await launchStep(site, { ...given, input: stage }, out);
    if (isBad(staged)) {
      const message = `stage: ${staged.result.message}`;
      return makeReport({ operation, step }, staged.result.outcome, message, { clock: site.host.clock });
    }
    await handOver(site, plan, { timeoutSeconds, ...(desired && { desired }) });
  }
  return awaitReport(site, { operation, step, unit: operationUnit(operation) }, out);
}

function planOfOne({ step, plan, timeoutSeconds }: NodeInput): HostPlan {
  return { ...plan, steps: isFlipStep(step) ? [{ name: step, timeoutSeconds }] : [] };
}

function failed(message: string): StatusError {
  return new StatusError(message, { reason: 'Failed' });
}
