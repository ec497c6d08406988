// A rollback leaves the node behind what is desired: the Machine says so, and nothing is started on it until a retry.
import { StatusError } from '../../api/errors.ts';
import { BLOCKED_ANNOTATION, RETRY_ANNOTATION } from '../../api/labels.ts';
import { isFinal, knownRecord } from '../../api/operation.ts';
import { cut, text, texts } from '../../kubernetes/fields.ts';
import type { ApiStep, ApiStepContext } from './api-step.ts';
import { annotateMachine, machineFailed } from './machine.ts';

const MAX_NOTE = 500;

/** First: whatever becomes of the rollback, the node is not what it was. Errors: Failed while an operation runs. */
export const beforeRollback: ApiStep = async (context) => {
  if (context.flags.dataLoss === 'look') return { message: 'only looked at', changes: [] };
  // A retry that waits would go forward again beside it.
  await block(context, `operation ${number(context)} is being rolled back`, { [RETRY_ANNOTATION]: null });
  return { message: 'Machine marked blocked', changes: [{ what: 'Machine' }] };
};

export const afterRollback: ApiStep = async (context) => {
  const { report, machine } = context;
  if (!report) throw new StatusError('rollback: got no report of the node', { reason: 'Failed' });
  const { message, changes } = report.result;
  if (context.flags.dataLoss === 'look') return { message, changes };
  const desired = text(machine, 'spec', 'version') ?? 'the new state';
  const done = `operation ${number(context)} was rolled back; Cluster API still asks for ${desired}. On the node: ${message}`;
  await block(context, done);
  return { message, changes };
};

async function block(context: ApiStepContext, why: string, taken: Record<string, null> = {}): Promise<void> {
  await annotateMachine(context, (now) => {
    const record = knownRecord(texts(now, 'metadata', 'annotations'));
    if (record && !isFinal(record)) {
      throw machineFailed(context.flags, `operation ${record.number}: got ${record.state}, expected an end`);
    }
    return { [BLOCKED_ANNOTATION]: cut(why, MAX_NOTE), ...taken };
  });
}

/** Errors of `machineFacts` come first: it is there. */
function number({ flags }: ApiStepContext): string {
  return String(flags.operation ?? '?');
}
