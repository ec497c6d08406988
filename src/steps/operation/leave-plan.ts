// What `stage` leaves besides binaries, when there is work: the plan file, what it works from, how a control plane is moved.
import { StatusError } from '../../api/errors.ts';
import { hostPlanDigest } from '../../api/host-plan.ts';
import { isBad, type StepReport } from '../../api/step-result.ts';
import { desiredFile, planFile } from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import { boundedMessage } from '../host/messages.ts';
import { flipNote, leaveFlip, prepareFlip } from '../node/flip/prepare-flip.ts';
import type { StepContext } from '../node/node-step.ts';
import { readStaged } from '../node/staged.ts';
import { writePlan } from './hand-over.ts';
import { readHandOver } from './records.ts';
import { stepOf, type NodeSteps } from './node-steps.ts';
import type { Site } from './site.ts';

/** @returns the report with output `plan-sha256`: empty when no step of the list has anything to do */
export async function leavePlan(
  site: Site,
  steps: NodeSteps,
  { host, context, report }: { host: Host; context: StepContext; report: StepReport },
): Promise<StepReport> {
  const { plan, desired } = context;
  const components = (await readStaged(host, plan.release)) ?? context.components;
  const isWanted = !isBad(report) && desired && (await hasWork(steps, host, { ...context, components }));
  const isHandedOver = async (): Promise<boolean> => (await readHandOver(host, plan.operation)) !== undefined;
  const isPrepared = isWanted && !(await isHandedOver());
  const flip = isPrepared ? await prepareFlip(host, { ...context, components }) : undefined;
  await site.guard.hold(async () => {
    // The unit works from the files that are there.
    if (await isHandedOver()) return;
    await leaveFlip(host, plan.operation, flip);
    if (isWanted) return writePlan(site, plan, desired);
    await host.files.remove(planFile(plan.operation));
    await host.files.remove(desiredFile(plan.operation));
  });
  const message = boundedMessage([report.result.message, ...(flip ? [`note: ${flipNote(flip)}`] : [])]);
  return {
    result: { ...report.result, message },
    outputs: { ...report.outputs, 'plan-sha256': isWanted ? hostPlanDigest(plan) : '' },
  };
}

/** Whatever a step does not call done is work: a refusal may be due to a step before it. `verify` has none of its own. */
async function hasWork(steps: NodeSteps, host: Host, context: StepContext): Promise<boolean> {
  for (const { name } of context.plan.steps) {
    if (name === 'verify') continue;
    try {
      const { actions, refusals } = await stepOf(steps, name).prepare(host, context);
      if (actions.length + refusals.length === 0) continue;
      host.log(`${name}: has work`);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      host.log(`${name}: cannot be judged before the steps in front of it: ${error.message}`);
    }
    return true;
  }
  return false;
}
