// What the objects of a story's namespace say, as stories compare it.
import { isObject, type JsonValue } from '../../../src/api/json.ts';
import {
  CLUSTER_NAME_LABEL,
  CONTROL_PLANE_LABEL,
  MACHINE_UID_LABEL,
  RETRY_ANNOTATION,
} from '../../../src/api/labels.ts';
import { knownRecord, type OperationRecord } from '../../../src/api/operation.ts';
import type { Role } from '../../../src/api/steps.ts';
import { at, list, text, texts } from '../../../src/kubernetes/fields.ts';
import { EVENTS, MACHINES, WORKFLOWS } from '../../../src/hook/kubernetes/resources.ts';
import { workflowView } from '../../../src/hook/kubernetes/workflow-view.ts';
import { expectOk } from '../../apiserver/api.ts';
import type { Site } from './site.ts';

export interface Machine {
  name: string;
  uid: string;
  role: Role;
  /** Asked for, and reported by its Node. */
  version: string;
  kubeletVersion: string | undefined;
  deleting: boolean;
  drainSeconds: number;
  annotations: Readonly<Record<string, string>>;
  conditions: Readonly<Record<string, Condition>>;
  /** The operation record. */
  operation: OperationRecord | undefined;
}

export interface Condition {
  status: string;
  reason: string;
  message: string;
}

export interface Workflow {
  name: string;
  machineUid: string;
  phase: string;
  message: string | undefined;
  /** Steps that run now. */
  running: readonly string[];
  /** Phase of its last step, which looks how the node was left; once it began. */
  finish: string | undefined;
}

/** Of a Cluster, of one role or both; by name. */
export async function machines(site: Site, cluster: string, role?: Role): Promise<Machine[]> {
  const selector = `?labelSelector=${CLUSTER_NAME_LABEL}=${cluster}`;
  const all = (await items(site, MACHINES.path(site.namespace) + selector)).map(machineOf);
  return all.filter((machine) => role === undefined || machine.role === role).sort(byName);
}

export function machineOf(object: JsonValue): Machine {
  const annotations = texts(object, 'metadata', 'annotations');
  const labels = texts(object, 'metadata', 'labels');
  return {
    name: text(object, 'metadata', 'name') ?? '',
    uid: text(object, 'metadata', 'uid') ?? '',
    role: CONTROL_PLANE_LABEL in labels ? 'control-plane' : 'worker',
    version: text(object, 'spec', 'version') ?? '',
    kubeletVersion: text(object, 'status', 'nodeInfo', 'kubeletVersion'),
    deleting: at(object, 'metadata', 'deletionTimestamp') !== undefined,
    drainSeconds: Number(at(object, 'spec', 'deletion', 'nodeDrainTimeoutSeconds')),
    annotations,
    conditions: conditionsOf(object),
    operation: knownRecord(annotations),
  };
}

export function conditionsOf(object: JsonValue): Record<string, Condition> {
  const one = (condition: JsonValue, key: string) => text(condition, key) ?? '';
  return Object.fromEntries(
    list(object, 'status', 'conditions').map((condition) => [
      one(condition, 'type'),
      {
        status: one(condition, 'status'),
        reason: one(condition, 'reason'),
        message: one(condition, 'message'),
      },
    ]),
  );
}

/** All of the namespace; by name. */
export async function workflows(site: Site): Promise<Workflow[]> {
  return (await items(site, WORKFLOWS.path(site.namespace))).map(workflowOf).sort(byName);
}

export function workflowOf(object: JsonValue): Workflow {
  const { tasks, finish } = workflowView(isObject(object) ? object : {});
  return {
    name: text(object, 'metadata', 'name') ?? '',
    machineUid: text(object, 'metadata', 'labels', MACHINE_UID_LABEL) ?? '',
    phase: text(object, 'status', 'phase') ?? '',
    message: text(object, 'status', 'message'),
    running: tasks.filter(({ phase }) => phase === 'Running').map(({ name }) => name),
    finish: finish?.phase,
  };
}

/** About an object, as `reason: message`. */
export async function events(site: Site, { uid }: { uid: string }): Promise<string[]> {
  const selector = `?fieldSelector=involvedObject.uid=${uid}`;
  return (await items(site, EVENTS.path(site.namespace) + selector)).map(
    (event) => `${text(event, 'reason')}: ${text(event, 'message')}`,
  );
}

/** What Refit says of a change that it cannot make in place; the last of several. */
export async function refusal(site: Site, machine: { uid: string }): Promise<string | undefined> {
  return (await events(site, machine)).findLast((event) => event.startsWith('InPlaceUpdateBlocked'));
}

/** As a person does it: a failed operation is run again. */
export async function retry(site: Site, { name }: Pick<Machine, 'name'>): Promise<void> {
  const metadata = { annotations: { [RETRY_ANNOTATION]: 'now' } };
  await expectOk(site.api.patch(MACHINES.path(site.namespace, name), { metadata }));
}

export async function items(site: Site, path: string): Promise<readonly JsonValue[]> {
  return list(await expectOk(site.api.get(path)), 'items');
}

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
