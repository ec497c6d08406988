// A launch of a list that `stage` left on this host: whichever comes first hands it over.
import { badInput, StatusError } from '../../api/errors.ts';
import { hostPlanDigest } from '../../api/host-plan.ts';
import type { NodeInput } from '../../api/node-input.ts';
import type { FlipStep } from '../../api/steps.ts';
import { handOver } from './hand-over.ts';
import { readCheckedPlan, readHandOver, readReport } from './records.ts';
import type { Site } from './site.ts';
import { operationUnitFile } from './units.ts';

/** Errors: BadInput when the plan is not the one that was staged, or none was. */
export async function checkStaged(site: Site, { plan, planSha256 }: NodeInput): Promise<void> {
  const digest = hostPlanDigest(plan);
  if (digest !== planSha256) throw badInput('plan: sha256', digest, planSha256);
  await readCheckedPlan(site.host, plan.operation, planSha256);
}

/**
 * The step of the list has its report, or a unit will make it. Errors: Failed when the operation ended before the step;
 * Unavailable.
 */
export async function ensureHandedOver(
  site: Site,
  { plan, timeoutSeconds }: NodeInput,
  step: FlipStep,
): Promise<void> {
  const { operation } = plan;
  // In this order: a unit file is removed only when all reports are there.
  const handedOver = await readHandOver(site.host, operation);
  const hasUnit = (await site.host.files.status(operationUnitFile(operation))) !== undefined;
  if ((await readReport(site.host, operation, step)) !== undefined) return;
  if (!hasUnit && handedOver) {
    throw new StatusError(`step ${step}: operation ${operation} ended before it on this node`, {
      reason: 'Failed',
    });
  }
  await handOver(site, plan, { timeoutSeconds });
}
