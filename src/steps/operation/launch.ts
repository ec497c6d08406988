// One launch of one step on this machine: from a checked input to the step's report.
import { badInput } from '../../api/errors.ts';
import type { HostPlan } from '../../api/host-plan.ts';
import type { NodeInput } from '../../api/node-input.ts';
import { isBad, type StepReport } from '../../api/step-result.ts';
import { isFlipStep, step as stepRow } from '../../api/steps.ts';
import { STATE_FOLDER } from '../host/folders.ts';
import { awaitReport } from './await-report.ts';
import { checkStaged, ensureHandedOver } from './ensure-handed-over.ts';
import { finishOperation } from './finish.ts';
import { handOver } from './hand-over.ts';
import { launchDrain } from './launch-drain.ts';
import { launchStep } from './launch-step.ts';
import { checkNodeInput, type StepInput } from './node-input.ts';
import { readHandOver, readReport } from './records.ts';
import { makeReport } from './reports.ts';
import type { Site } from './site.ts';
import { operationUnit } from './units.ts';

type Out = (text: string) => void;

const POLL_SECONDS = 1;

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
  if (input.step === 'drain') return launchDrain(site, input);
  if (!isFlipStep(input.step)) return launchStep(site, given, out);
  return input.planSha256 === '' ? launchAlone(site, given, out) : launchOfList(site, given, out);
}

/** One step of the list that `stage` left on this host. */
async function launchOfList(site: Site, given: StepInput, out: Out): Promise<StepReport> {
  const { input } = given;
  const { step, plan, timeoutSeconds } = input;
  const { operation } = plan;
  await checkStaged(site, input);
  const listed = plan.steps.find(({ name }) => name === step);
  if (listed === undefined)
    throw badInput('step', step, `one of the list ${plan.steps.map(({ name }) => name).join(', ')}`);
  // It changes nothing, so it may be done when there was nothing to hand over.
  if (step === 'verify' && !(await isHandedOverIn(site, plan, timeoutSeconds))) {
    return launchStep(site, given, out);
  }
  await ensureHandedOver(site, input, listed.name);
  return awaitReport(site, { operation, step, unit: operationUnit(operation) }, out);
}

/** The launches of a list come all at once: the others may be on their way. */
async function isHandedOverIn({ host }: Site, plan: HostPlan, seconds: number): Promise<boolean> {
  const [first] = plan.steps;
  if (first?.name === 'verify') return true;
  const end = host.clock.monotonic() + seconds;
  for (;;) {
    if ((await readHandOver(host, plan.operation)) !== undefined) return true;
    if (host.clock.monotonic() >= end) return false;
    await host.clock.sleep(POLL_SECONDS);
  }
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
