// One Machine as people want to know it: what happens to it, since when, and why not. Pure.
import {
  BLOCKED_ANNOTATION,
  CONTROL_PLANE_LABEL,
  RETRY_ANNOTATION,
  UNCOUNTED_MOVE_ANNOTATION,
} from '../../api/labels.ts';
import { readRecord, workflowNameOf, type OperationRecord } from '../../api/operation.ts';
import { isBeingUpdated } from '../../hook/kubernetes/views.ts';
import { currentTask, progressMessage } from '../../hook/progress.ts';
import type { MachineView, WorkflowView } from '../../hook/store.ts';
import { age } from '../age.ts';
import type { MachineStatus } from './types.ts';

/** An Event of the server that says why it refuses. */
export interface Refusal {
  message: string;
  firstAt: string;
  lastAt: string;
}

export interface MachineFacts {
  machine: MachineView;
  /** Of an operation that has not ended. */
  workflow?: WorkflowView;
  refusal?: Refusal;
  /** Version that the owner asks for. */
  wanted?: string;
  /** What is paused, for people. */
  paused?: string;
}

type Situation = Pick<MachineStatus, 'state' | 'since' | 'toldAt' | 'message' | 'step'>;

/** Cluster API asks again after 17 minutes at most, and the same refusal is told again after 10. */
const REFUSAL_SECONDS = 30 * 60;

export function machineStatus(facts: MachineFacts, now: Date): MachineStatus {
  const { machine } = facts;
  const record = readRecord(machine.annotations);
  const { name, nodeName, version, kubeletVersion } = machine;
  return {
    name,
    role: CONTROL_PLANE_LABEL in machine.labels ? 'control-plane' : 'worker',
    ...(nodeName === undefined ? {} : { node: nodeName }),
    ...(version === undefined ? {} : { version }),
    ...(kubeletVersion === undefined ? {} : { kubelet: kubeletVersion }),
    ...situation(facts, record, now),
    ...(record === undefined || record === 'invalid' ? {} : { operation: operation(machine, record) }),
  };
}

function operation(machine: MachineView, record: OperationRecord): NonNullable<MachineStatus['operation']> {
  const { number, state, from, to, startedAt, finishedAt } = record;
  return {
    number,
    workflow: workflowNameOf(machine, record),
    state,
    ...(from === undefined ? {} : { from }),
    to,
    startedAt,
    ...(finishedAt === undefined ? {} : { finishedAt }),
  };
}

function situation(
  facts: MachineFacts,
  record: OperationRecord | 'invalid' | undefined,
  now: Date,
): Situation {
  const { machine, workflow } = facts;
  if (machine.deleting) return { state: 'deleting', ...sinceOf(machine.deletingSince) };
  if (record === 'invalid') {
    return {
      state: 'blocked',
      message: 'its operation record is unreadable: correct or remove the annotation',
    };
  }
  const isRunning = record && ['starting', 'running', 'stopping'].includes(record.state);
  const blocked = machine.annotations[BLOCKED_ANNOTATION];
  if (blocked !== undefined && !isRunning) {
    return { state: 'blocked', ...sinceOf(record?.finishedAt), message: blocked };
  }
  switch (record?.state) {
    case 'starting':
    case 'running':
      return updating(record, workflow, now);
    case 'stopping':
      return { state: 'stopping', since: record.startedAt, message: record.reason ?? 'told to stop' };
    case 'failed':
    case 'cancelled':
      return ended(machine, record);
    case 'succeeded':
    case undefined:
      return resting(facts, record, now);
  }
}

function updating(record: OperationRecord, workflow: WorkflowView | undefined, now: Date): Situation {
  const task = workflow && currentTask(workflow);
  const step = workflow &&
    task && { name: task.name, number: workflow.tasks.indexOf(task) + 1, of: workflow.tasks.length };
  return {
    state: 'updating',
    since: record.startedAt,
    message: progressMessage(record, workflow, now),
    ...(step
      ? { step: { ...step, ...(task.startedAt === undefined ? {} : { startedAt: task.startedAt }) } }
      : {}),
  };
}

function ended({ annotations }: MachineView, record: OperationRecord): Situation {
  const since = sinceOf(record.finishedAt);
  if (!(RETRY_ANNOTATION in annotations))
    return { state: record.state as 'failed' | 'cancelled', ...since, message: reasonOf(record) };
  return { state: 'waiting', ...since, message: `a retry was asked for, after ${reasonOf(record)}` };
}

function reasonOf(record: OperationRecord): string {
  const host = record.host === 'working' ? '; the node still works on it' : '';
  return `operation ${record.number}: ${record.reason ?? 'no reason recorded'}${host}`;
}

/** No operation runs, and none failed. */
function resting(facts: MachineFacts, record: OperationRecord | undefined, now: Date): Situation {
  const { machine, wanted, paused } = facts;
  if (machine.nodeName === undefined) return { state: 'no node', message: 'no Node has joined for it' };
  const { version, kubeletVersion } = machine;
  const isAsked = isBeingUpdated(machine);
  const isMoving = UNCOUNTED_MOVE_ANNOTATION in machine.annotations;
  const refusal = isAsked && !isMoving ? undefined : refusalOf(facts, record, now);
  if (refusal) return refusal;
  const because = paused === undefined ? '' : `; ${paused} is paused`;
  if (isAsked || (version !== undefined && kubeletVersion !== version)) {
    const ended = record && `operation ${record.number} ended well; `;
    const node = kubeletVersion === version ? '' : `, the Node reports ${kubeletVersion ?? 'no version'}`;
    const message = `${ended ?? ''}${isAsked ? 'Cluster API updates it in place' : `asks for ${version ?? '?'}`}${node}${because}`;
    return { state: 'waiting', ...sinceOf(record?.finishedAt), message };
  }
  if (wanted !== undefined && wanted !== version) {
    return { state: 'queued', message: `its owner asks for ${wanted}${because}` };
  }
  return { state: 'up to date', ...sinceOf(record?.finishedAt) };
}

function refusalOf(
  { refusal }: MachineFacts,
  record: OperationRecord | undefined,
  now: Date,
): Situation | undefined {
  if (!refusal) return undefined;
  const isOld = (now.getTime() - Date.parse(refusal.lastAt)) / 1000 > REFUSAL_SECONDS;
  const isOvertaken = record?.finishedAt !== undefined && refusal.lastAt < record.finishedAt;
  if (isOld || isOvertaken) return undefined;
  const message = `${refusal.message} (last said ${age(refusal.lastAt, now)} ago)`;
  return { state: 'blocked', since: refusal.firstAt, toldAt: refusal.lastAt, message };
}

function sinceOf(time: string | undefined): { since?: string } {
  return time === undefined ? {} : { since: time };
}
