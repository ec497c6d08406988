// The last word about an operation that ended well. Pure: gives the annotations of the Machine to set and to remove.
import { StatusError } from './errors.ts';
import { isFinal, readRecord, writeRecord } from './operation.ts';
import { noProtection } from './protection.ts';

export interface CompletedMachine {
  namespace: string;
  name: string;
  annotations: Readonly<Record<string, string>>;
}

/** What the Node reports now. */
export interface NodeState {
  kubeletVersion: string;
  ready: boolean;
}

export interface Completion {
  /** Number of the operation. */
  operation: string;
  kubernetes: string;
  now: Date;
}

/** Errors: StatusError Failed when the Machine's record is not of this operation, or the Node is not as desired. */
export function completionAnnotations(
  machine: CompletedMachine,
  node: NodeState,
  wanted: Completion,
): Record<string, string | null> {
  const record = readRecord(machine.annotations);
  if (record === undefined || record === 'invalid' || String(record.number) !== wanted.operation) {
    const got = record === undefined || record === 'invalid' ? (record ?? 'none') : record.number;
    throw failed(machine, `operation record: got ${got}, expected ${wanted.operation}`);
  }
  if (record.state === 'succeeded') return {};
  if (isFinal(record))
    throw failed(machine, `operation ${record.number}: got ${record.state}, expected running`);
  const [problem] = unlikeDesired(node, wanted.kubernetes);
  if (problem !== undefined) throw failed(machine, problem);
  // The reason to stop, if one came too late, does not belong to a record of success.
  const { version, number, hash, from, to, startedAt } = record;
  return {
    ...writeRecord({
      ...{ version, number, hash, to, startedAt },
      ...(from === undefined ? {} : { from }),
      state: 'succeeded',
      finishedAt: wanted.now.toISOString(),
      node,
    }),
    ...noProtection(machine.annotations),
  };
}

/** What keeps the update from being done; empty when the Node is as desired. */
export function unlikeDesired({ kubeletVersion, ready }: NodeState, kubernetes: string): string[] {
  const version =
    kubeletVersion === kubernetes ? [] : [`kubelet: got ${kubeletVersion}, expected ${kubernetes}`];
  return ready ? version : [...version, 'Node condition Ready: got False, expected True'];
}

function failed({ namespace, name }: CompletedMachine, problem: string): StatusError {
  return new StatusError(`Machine ${namespace}/${name}: ${problem}`, { reason: 'Failed' });
}
