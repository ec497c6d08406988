// The node's part of `drain`: its unit may go on with its list, or must not.
import { badInput } from '../../api/errors.ts';
import { stepsAtDrain } from '../../api/host-plan.ts';
import type { NodeInput } from '../../api/node-input.ts';
import { isBad, type StepReport } from '../../api/step-result.ts';
import { checkStaged, ensureHandedOver } from './ensure-handed-over.ts';
import { markCancelled } from './finish.ts';
import { drainedFile, readReport, writeRecord } from './records.ts';
import { makeReport } from './reports.ts';
import type { Site } from './site.ts';

/** May be repeated. Errors: those of a launch of a list. */
export async function launchDrain(site: Site, input: NodeInput): Promise<StepReport> {
  const { host } = site;
  const { plan, drained } = input;
  const { operation } = plan;
  const subject = { operation, step: 'drain' } as const;
  await checkStaged(site, input);
  const { waiting } = stepsAtDrain(plan.steps);
  if (waiting === undefined) {
    throw badInput('plan.steps', plan.steps.map(({ name }) => name).join(','), 'one that waits for drain');
  }
  if (drained !== true) {
    await markCancelled(site, operation);
    return makeReport(subject, 'changed', 'the operation was told to stop', host);
  }
  await ensureHandedOver(site, input, waiting.name);
  const report = await readReport(host, operation, waiting.name);
  if (report !== undefined && isBad(report)) {
    return makeReport(subject, 'failed', `step ${waiting.name}: ${report.result.message}`, host);
  }
  // Behind a flip it has not waited, and may have ended already.
  if (report !== undefined) return makeReport(subject, 'unchanged', 'the node went on by itself', host);
  await writeRecord(host, drainedFile(operation), { at: host.clock.now().toISOString() });
  return makeReport(subject, 'changed', 'the node goes on with its list', host);
}
