// What happens to an operation next: decided here and nowhere else. Pure.
import { BLOCKED_ANNOTATION, RETRY_ANNOTATION } from '../api/labels.ts';
import { isFinal, knownRecord, readRecord, type OperationRecord } from '../api/operation.ts';
import type { MachineView, TaskView, WorkflowView } from './store.ts';

/** What the world looks like, as far as one Machine goes. */
export interface Situation {
  machine: MachineView;
  /** The Workflow of the record's operation. */
  workflow?: WorkflowView;
}

/** What UpdateMachine asks for. */
export interface Wanted {
  hash: string;
  version: string;
}

export type Action =
  /** Take the next number: the record says starting. */
  | { do: 'start'; number: number }
  /** The number is taken: create its Workflow, or find that it is there. */
  | { do: 'create'; record: OperationRecord }
  /** Tell the Workflow to end at the next safe boundary; the record says stopping. */
  | { do: 'stop'; record: OperationRecord; reason: string }
  /** The Workflow ended, or is gone: write the record's last word. */
  | {
      do: 'end';
      record: OperationRecord;
      state: 'failed' | 'cancelled';
      reason: string;
      host: OperationRecord['host'];
    }
  /** The operation goes on: report its progress. */
  | { do: 'progress'; record: OperationRecord }
  /** Nothing to do for us but to say why, until a person or the node acts. */
  | { do: 'wait'; message: string; retryAfterSeconds: number }
  | { do: 'done'; record: OperationRecord };

const SOON = 5;
const LATER = 30;

/** What must be done about the running operation, whoever asks; undefined: nothing. */
export function overdue({ machine, workflow }: Situation): Action | undefined {
  const record = knownRecord(machine.annotations);
  if (!record || isFinal(record)) return undefined;
  if (record.state === 'starting') {
    return machine.deleting ? stop(record, 'the Machine is being deleted') : undefined;
  }
  if (!workflow) return gone(record);
  if (workflow.finishedAt !== undefined) return ended(record, workflow);
  if (record.state === 'stopping')
    return workflow.stopping ? undefined : stop(record, record.reason ?? 'stopped');
  return machine.deleting ? stop(record, 'the Machine is being deleted') : undefined;
}

/** What UpdateMachine leads to. On a blocked Machine nothing begins; what runs goes on, and what is done is done. */
export function onRequest(situation: Situation, wanted: Wanted): Action {
  const action = unlessBlocked(situation, wanted);
  const { annotations } = situation.machine;
  const why = annotations[BLOCKED_ANNOTATION];
  const record = knownRecord(annotations);
  const isHeld = action.do === 'start' || (action.do === 'wait' && record !== undefined && isFinal(record));
  if (why === undefined || RETRY_ANNOTATION in annotations || !isHeld) return action;
  return wait(`blocked: ${why}; to go on set annotation ${RETRY_ANNOTATION} on the Machine`, LATER);
}

function unlessBlocked(situation: Situation, wanted: Wanted): Action {
  const { machine } = situation;
  const record = readRecord(machine.annotations);
  if (record === 'invalid') {
    return wait('the operation record of the Machine is unreadable: correct or remove its annotation', LATER);
  }
  if (record?.workflow !== undefined && !isFinal(record)) {
    const owner = `Workflow ${record.workflow} upgrades it with the other Machines of its owner`;
    return wait(`${owner}: nothing else is started until that has ended`, LATER);
  }
  const due = overdue(situation);
  if (due) return due;
  if (machine.deleting) return wait('the Machine is being deleted', LATER);
  if (record === undefined) return { do: 'start', number: 1 };
  const same = record.hash === wanted.hash;
  switch (record.state) {
    case 'starting':
      return same ? { do: 'create', record } : stop(record, 'the desired state changed');
    case 'running':
      return same ? { do: 'progress', record } : stop(record, 'the desired state changed');
    case 'stopping':
      return wait(`operation ${record.number} is ending: ${record.reason ?? 'stopped'}`, SOON);
    case 'succeeded':
      return same && !isAgain(machine, wanted)
        ? succeeded(machine, record, wanted)
        : { do: 'start', number: record.number + 1 };
    case 'failed':
    case 'cancelled':
      return afterFailure(machine, record, same);
  }
}

function afterFailure(machine: MachineView, record: OperationRecord, same: boolean): Action {
  const retry = RETRY_ANNOTATION in machine.annotations;
  const hostWorks = record.host === 'working';
  const mayStart = record.state === 'cancelled' || !same;
  if (retry || (mayStart && !hostWorks)) return { do: 'start', number: record.number + 1 };
  const reason = `operation ${record.number} ${record.state}: ${record.reason ?? 'no reason recorded'}`;
  const host = hostWorks ? '; the node is still working on it, nothing new is started' : '';
  return wait(`${reason}${host}; to try again set annotation ${RETRY_ANNOTATION} on the Machine`, LATER);
}

/** It was done, then put back (a rollback), and a person wants it once more. */
function isAgain({ annotations, kubeletVersion }: MachineView, { version }: Wanted): boolean {
  return RETRY_ANNOTATION in annotations && kubeletVersion !== version;
}

/** Done only when the Node itself shows it: CAPI does not look. */
function succeeded(machine: MachineView, record: OperationRecord, wanted: Wanted): Action {
  const recorded = record.node?.kubeletVersion === wanted.version && record.node.ready;
  const seen = machine.kubeletVersion === wanted.version && machine.nodeReady !== false;
  if (recorded && seen) return { do: 'done', record };
  const got = recorded
    ? `${machine.kubeletVersion ?? 'no version'}${machine.nodeReady === false ? ', not Ready' : ''}`
    : 'nothing recorded';
  return wait(
    `operation ${record.number} ended well; waiting for the Node to report ${wanted.version} and Ready (now ${got})`,
    SOON,
  );
}

function ended(record: OperationRecord, workflow: WorkflowView): Action {
  const host = hostState(workflow.finish);
  if (host === 'working') {
    return end(record, 'failed', `${endReason(record, workflow)}; the node is still working`, host);
  }
  if (record.state === 'stopping') return end(record, 'cancelled', record.reason ?? 'stopped', host);
  return end(record, 'failed', endReason(record, workflow), host);
}

function endReason(record: OperationRecord, workflow: WorkflowView): string {
  const failed = workflow.tasks.find((task) => task.phase === 'Failed' || task.phase === 'Error');
  if (failed) return `step ${failed.name}: ${failed.message ?? failed.phase}`;
  if (workflow.phase === 'Succeeded') return 'the Workflow succeeded but left no record on the Machine';
  return workflow.message ?? record.reason ?? `the Workflow ended ${workflow.phase}`;
}

function hostState(finish: TaskView | undefined): OperationRecord['host'] {
  const host = finish?.outputs['host'];
  return host === 'idle' || host === 'working' ? host : 'unknown';
}

/** Deleted by hand, or by a person's clean-up: what the node did since is not known. */
function gone(record: OperationRecord): Action {
  return record.state === 'stopping'
    ? end(record, 'cancelled', record.reason ?? 'stopped', 'unknown')
    : end(record, 'failed', 'its Workflow was deleted before it ended', 'unknown');
}

function end(
  record: OperationRecord,
  state: 'failed' | 'cancelled',
  reason: string,
  host: OperationRecord['host'],
): Action {
  return { do: 'end', record, state, reason, host };
}

function stop(record: OperationRecord, reason: string): Action {
  return { do: 'stop', record, reason };
}

function wait(message: string, retryAfterSeconds: number): Action {
  return { do: 'wait', message, retryAfterSeconds };
}
