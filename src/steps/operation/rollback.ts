// By hand, on the machine: the input of a rollback, made from what the operation left there.
import type { DataLoss } from '../../api/data-loss.ts';
import { badInput } from '../../api/errors.ts';
import type { NodeInput } from '../../api/node-input.ts';
import { ROLLBACK } from '../../api/steps.ts';
import { planFile } from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import { readPlan } from './records.ts';

/** Errors: BadInput when the operation left no plan here: then it has changed nothing here either. */
export async function rollbackInput(host: Host, operation: string, dataLoss: DataLoss): Promise<NodeInput> {
  const plan = await readPlan(host, operation);
  if (!plan) throw badInput(planFile(operation), undefined, 'the plan of an operation that was handed over');
  const { timeoutSeconds } = ROLLBACK;
  return { version: 1, step: 'rollback', timeoutSeconds, plan, planSha256: '', dataLoss };
}
