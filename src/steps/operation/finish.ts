// The Workflow's last word to the node, whatever became of the Workflow.
import type { NodeInput } from '../../api/node-input.ts';
import type { StepReport } from '../../api/step-result.ts';
import { cancelFile, operationFolder } from '../host/folders.ts';
import { endOperation, withdrawUnit } from './end-operation.ts';
import { isOperationWorking } from './lock.ts';
import { writeReport } from './records.ts';
import { makeReport } from './reports.ts';
import type { Site } from './site.ts';

const POLL_SECONDS = 2;

/**
 * Waits until nothing of the operation works on this node any more, then takes away what it needs no longer and frees the
 * node. Output `host`: idle, or working when that took too long. A unit that is not working (it waits after a reboot, or
 * failed too often) will not work again.
 */
export async function finishOperation(site: Site, input: NodeInput): Promise<StepReport> {
  const { host } = site;
  const { operation } = input.plan;
  const since = host.clock.now();
  const deadline = host.clock.monotonic() + input.timeoutSeconds;
  const wasHere = (await host.files.status(operationFolder(operation))) !== undefined;
  if (wasHere && input.workflowStatus !== 'Succeeded') await markCancelled(site, operation);
  let idle = await endIfIdle(site, operation);
  while (!idle && host.clock.monotonic() < deadline) {
    await host.clock.sleep(POLL_SECONDS);
    idle = await endIfIdle(site, operation);
  }
  const message = idle
    ? 'nothing of the operation works on this node any more'
    : `the node still works on it after ${input.timeoutSeconds} s`;
  const report = makeReport({ operation, step: 'finish' }, 'unchanged', message, {
    clock: host.clock,
    since,
  });
  const whole = { ...report, outputs: { host: idle ? 'idle' : 'working' } };
  if (idle && wasHere) await writeReport(host, whole);
  return whole;
}

/** The unit ends before its next step. */
export async function markCancelled({ host }: Site, operation: string): Promise<void> {
  await host.files.write(cancelFile(operation), `${host.clock.now().toISOString()}\n`, { mode: 0o600 });
}

function endIfIdle(site: Site, operation: string): Promise<boolean> {
  return site.guard.hold(async () => {
    if (await isOperationWorking(site, operation)) return false;
    await withdrawUnit(site, operation);
    await endOperation(site, operation);
    return true;
  });
}
