// The steps that write the Machine. Pure: they give the annotations to set and to remove.
import { StatusError } from '../../api/errors.ts';
import { isFinal, readRecord, writeRecord } from '../../api/operation.ts';
import { noProtection } from '../../api/protection.ts';
import type { MachineView } from '../store.ts';
import type { SimulatedNode } from './node.ts';
import type { Annotations } from './objects.ts';

/** Errors: StatusError Failed when the Machine's record is not of this operation, or the node is not as desired. */
export function completeAnnotations(
  machine: MachineView,
  node: SimulatedNode,
  wanted: { operation: string; kubernetes: string; now: Date },
): Annotations {
  const record = readRecord(machine.annotations);
  if (record === undefined || record === 'invalid' || String(record.number) !== wanted.operation) {
    const got = record === undefined || record === 'invalid' ? (record ?? 'none') : record.number;
    throw failed(machine, `operation record: got ${got}, expected ${wanted.operation}`);
  }
  if (record.state === 'succeeded') return {};
  if (isFinal(record))
    throw failed(machine, `operation ${record.number}: got ${record.state}, expected running`);
  const { kubelet } = node.versions;
  if (kubelet !== wanted.kubernetes)
    throw failed(machine, `kubelet: got ${kubelet}, expected ${wanted.kubernetes}`);
  if (!node.ready) throw failed(machine, 'Node condition Ready: got False, expected True');
  // The reason to stop, if one came too late, does not belong to a record of success.
  const { version, number, hash, from, to, startedAt } = record;
  return {
    ...writeRecord({
      ...{ version, number, hash, to, startedAt },
      ...(from === undefined ? {} : { from }),
      state: 'succeeded',
      finishedAt: wanted.now.toISOString(),
      node: { kubeletVersion: kubelet, ready: true },
    }),
    ...noProtection(machine.annotations),
  };
}

function failed({ namespace, name }: MachineView, problem: string): StatusError {
  return new StatusError(`Machine ${namespace}/${name}: ${problem}`, { reason: 'Failed' });
}
