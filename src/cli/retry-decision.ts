// May a Machine's operation be done again, and what is to be written for it? Pure.
import {
  BLOCKED_ANNOTATION,
  CONTROL_PLANE_LABEL,
  CONTROL_PLANE_NAME_LABEL,
  DEPLOYMENT_NAME_LABEL,
  RETRY_ANNOTATION,
} from '../api/labels.ts';
import { readExternal } from '../api/external-record.ts';
import { isFinal, readRecord } from '../api/operation.ts';
import { isBeingUpdated } from '../hook/kubernetes/views.ts';
import type { MachineView } from '../hook/store.ts';

export type RetryDecision =
  | { annotations: Record<string, string | null>; message: string }
  /** Why not, and what to do instead. */
  | { refusal: string };

export interface RetryFacts {
  machine: MachineView;
  /** Workflow that puts the last operation back now. */
  rollback?: string | undefined;
}

/** @param isForced although the node still works on the last operation */
export function decideRetry({ machine, rollback }: RetryFacts, isForced = false): RetryDecision {
  const { annotations, deleting } = machine;
  if (deleting) return { refusal: 'it is being deleted' };
  // Two would work on one node.
  if (rollback !== undefined)
    return { refusal: `it is being rolled back (Workflow ${rollback}): wait until that has ended` };
  const record = readRecord(annotations);
  if (record === 'invalid')
    return { refusal: 'its operation record is unreadable: correct or remove the annotation' };
  const isBlocked = BLOCKED_ANNOTATION in annotations;
  const what = record && `operation ${record.number}`;
  if (record?.workflow !== undefined && isFinal(record)) return ofOwner(machine, isBlocked);
  switch (record?.state) {
    case 'starting':
    case 'running':
    case 'stopping':
      return {
        refusal: `${what} is ${record.state}: nothing to do again; follow it with \`refit status -w\``,
      };
    case 'failed':
    case 'cancelled': {
      if (record.host === 'working' && !isForced) {
        return {
          refusal: `the node still works on ${what}: wait until it has ended (\`refit host status\` there), or --force`,
        };
      }
      const reason = record.reason === undefined ? '' : ` (${record.reason})`;
      return again(machine, isBlocked, `${what} ${record.state}${reason}: asked for again`);
    }
    case 'succeeded':
      if (isBlocked)
        return again(
          machine,
          isBlocked,
          `asked for ${machine.version ?? 'the update'} again, after a rollback`,
        );
      return { refusal: `${what} ended well: nothing to do again` };
    case undefined:
      if (isBlocked) return { annotations: { [BLOCKED_ANNOTATION]: null }, message: 'not blocked any more' };
      return { refusal: 'Refit has done nothing on it: nothing to do again' };
  }
}

/** One Workflow of the owner did it, and the next one of the owner does it again. */
function ofOwner(machine: MachineView, isBlocked: boolean): RetryDecision {
  const how = `refit retry ${ownerArgument(machine)}`;
  if (!isBlocked) return { refusal: `it is upgraded with its owner: ${how}` };
  return { annotations: { [BLOCKED_ANNOTATION]: null }, message: `not blocked any more; then: ${how}` };
}

/** As `refit retry` takes it. */
export function ownerArgument({ labels }: MachineView): string {
  return CONTROL_PLANE_LABEL in labels
    ? `kubeadmcontrolplane/${labels[CONTROL_PLANE_NAME_LABEL] ?? 'NAME'}`
    : `machinedeployment/${labels[DEPLOYMENT_NAME_LABEL] ?? 'NAME'}`;
}

/** Of an owner whose Machines Refit upgrades in place of Cluster API. */
export function decideOwnerRetry(annotations: Readonly<Record<string, string>>): RetryDecision {
  const record = readExternal(annotations);
  if (record === undefined) return { refusal: 'Refit has done nothing for it: nothing to do again' };
  if (record === 'invalid') return { refusal: 'its record is unreadable: correct or remove the annotation' };
  const what = `upgrade ${record.number}`;
  switch (record.state) {
    case 'declined':
      return {
        refusal: `${what} is declined: ${record.reason ?? 'no reason recorded'}; it begins by itself without that`,
      };
    case 'failed': {
      const reason = record.reason === undefined ? '' : ` (${record.reason})`;
      return {
        annotations: { [RETRY_ANNOTATION]: '' },
        message: `${what} ${record.state}${reason}: asked for again`,
      };
    }
    case 'requested':
    case 'running':
      return {
        refusal: `${what} is ${record.state}: nothing to do again; follow it with \`refit status -w\``,
      };
    case 'succeeded':
      return { refusal: `${what} ended well: nothing to do again` };
  }
}

function again(machine: MachineView, isBlocked: boolean, message: string): RetryDecision {
  const asked = isBeingUpdated(machine)
    ? ''
    : '; Cluster API does not ask for an update of it now: it begins when its owner is changed';
  return {
    annotations: { [RETRY_ANNOTATION]: '', ...(isBlocked ? { [BLOCKED_ANNOTATION]: null } : {}) },
    message: message + asked,
  };
}
