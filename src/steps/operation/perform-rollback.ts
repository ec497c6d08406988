// The step `rollback`: a control plane that was flipped goes back first, then the files of the steps.
import type { DataLoss } from '../../api/data-loss.ts';
import { FLIP_CHANGE, type StepReport } from '../../api/step-result.ts';
import { ROLLBACK } from '../../api/steps.ts';
import type { Host } from '../host/host.ts';
import { boundedMessage } from '../host/messages.ts';
import { oldServerProblem, takeFlipBack, type FlipBack } from '../node/flip/take-flip-back.ts';
import type { Change, StepContext } from '../node/node-step.ts';
import type { NodeSteps } from './node-steps.ts';
import { makeReport } from './reports.ts';
import { restoreOperation } from './restore-operation.ts';

/**
 * An old kubelet may need its old configuration to get ready: so that is waited for last. Errors: StatusError Failed when
 * the control plane must not go back, and then nothing was touched.
 */
export async function performRollback(
  steps: NodeSteps,
  host: Host,
  context: StepContext,
  dataLoss: DataLoss,
): Promise<StepReport> {
  const since = host.clock.now();
  const { operation } = context.plan;
  const report = (outcome: 'failed' | 'changed' | 'unchanged', messages: readonly string[]): StepReport =>
    makeReport({ operation, step: ROLLBACK.name }, outcome, boundedMessage(messages), {
      clock: host.clock,
      since,
    });
  const flip = await takeFlipBack(host, operation, dataLoss);
  if (dataLoss === 'look') return report('unchanged', [flip.message]);
  const restoration = await restoreOperation(steps, host, context);
  const problem = flip.is === 'back' ? await oldServerProblem(host, flip.flip) : undefined;
  const changes = [...changesOf(flip), ...restoration.changes];
  const isBad = restoration.incomplete || problem !== undefined;
  const { result, outputs } = report(isBad ? 'failed' : changes.length > 0 ? 'changed' : 'unchanged', [
    ...(problem === undefined ? [] : [problem]),
    ...(flip.is === 'back' ? [flip.message] : []),
    ...restoration.messages,
  ]);
  return { outputs, result: { ...result, changes } };
}

function changesOf(flip: FlipBack): Change[] {
  if (flip.is !== 'back') return [];
  const { from, to } = flip.flip.kubernetes;
  return [{ what: FLIP_CHANGE, from: to, ...(from === undefined ? {} : { to: from }) }];
}
