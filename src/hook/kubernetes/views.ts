// Cluster API objects reduced to what the server uses: nothing else of them stays in memory. Pure.
import {
  CLUSTER_NAME_LABEL,
  PENDING_HOOKS_ANNOTATION,
  POLICY_ANNOTATION,
  UPDATE_IN_PROGRESS_ANNOTATION,
} from '../../api/labels.ts';
import type { JsonObject } from '../../api/json.ts';
import type { ClusterView, MachineDeploymentView, MachineView } from '../store.ts';
import { at, list, text, texts } from '../../kubernetes/fields.ts';

/** kubectl's copy of the whole object: large, and it may hold file contents. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export function clusterView(cluster: JsonObject): ClusterView {
  const policyOverride = text(cluster, 'metadata', 'annotations', POLICY_ANNOTATION);
  return {
    ...identity(cluster),
    labels: texts(cluster, 'metadata', 'labels'),
    ...(policyOverride === undefined ? {} : { policyOverride }),
  };
}

export function machineView(machine: JsonObject): MachineView {
  const labels = texts(machine, 'metadata', 'labels');
  const annotations = texts(machine, 'metadata', 'annotations');
  delete annotations[LAST_APPLIED];
  const deletingSince = text(machine, 'metadata', 'deletionTimestamp');
  const version = text(machine, 'spec', 'version');
  const nodeName = text(machine, 'status', 'nodeRef', 'name');
  const kubeletVersion = text(machine, 'status', 'nodeInfo', 'kubeletVersion');
  const nodeReady = condition(machine, 'NodeReady');
  return {
    ...identity(machine),
    resourceVersion: text(machine, 'metadata', 'resourceVersion') ?? '',
    labels,
    annotations,
    deleting: deletingSince !== undefined,
    cluster: text(machine, 'spec', 'clusterName') ?? labels[CLUSTER_NAME_LABEL] ?? '',
    ...(deletingSince === undefined ? {} : { deletingSince }),
    ...(version === undefined ? {} : { version }),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(kubeletVersion === undefined ? {} : { kubeletVersion }),
    ...(nodeReady === undefined ? {} : { nodeReady }),
  };
}

/** `now` in monotonic seconds; an earlier view of the same Machine at rest keeps its moment. */
export function machineAtRestView(machine: JsonObject, now: number, previous?: MachineView): MachineView {
  const view = machineView(machine);
  // CAPI writes its condition at the end of an update, and takes its mark off once more right after that.
  if (isBeingUpdated(view) || condition(machine, 'Updating') === true) return view;
  const before = previous?.uid === view.uid ? previous.restsSince : undefined;
  return { ...view, restsSince: before ?? now };
}

/** Cluster API has written what is desired, and asks for it until it is done. */
export function isBeingUpdated({ annotations }: Pick<MachineView, 'annotations'>): boolean {
  const hooks = annotations[PENDING_HOOKS_ANNOTATION]?.split(',') ?? [];
  return UPDATE_IN_PROGRESS_ANNOTATION in annotations || hooks.includes('UpdateMachine');
}

/** `now` in monotonic seconds; an earlier view of the same generation keeps the time at which it was first seen. */
export function machineDeploymentView(
  deployment: JsonObject,
  now: number,
  previous?: MachineDeploymentView,
): MachineDeploymentView {
  const { namespace, name, uid } = identity(deployment);
  const generation = Number(at(deployment, 'metadata', 'generation') ?? 0);
  const isKnown = previous?.uid === uid && previous.generation === generation;
  const template = at(deployment, 'spec', 'template', 'spec');
  const version = text(template, 'version');
  const bootstrapRef = text(template, 'bootstrap', 'configRef', 'name');
  const infrastructureRef = text(template, 'infrastructureRef', 'name');
  return {
    namespace,
    name,
    uid,
    generation,
    seenAt: isKnown ? previous.seenAt : now,
    ...(version === undefined ? {} : { version }),
    ...(bootstrapRef === undefined ? {} : { bootstrapRef }),
    ...(infrastructureRef === undefined ? {} : { infrastructureRef }),
  };
}

export function identity(object: JsonObject): { namespace: string; name: string; uid: string } {
  return {
    namespace: text(object, 'metadata', 'namespace') ?? '',
    name: text(object, 'metadata', 'name') ?? '',
    uid: text(object, 'metadata', 'uid') ?? '',
  };
}

/** Unknown is not ready: a kubelet that no longer reports shows so. */
function condition(object: JsonObject, type: string): boolean | undefined {
  const found = list(object, 'status', 'conditions').find((candidate) => text(candidate, 'type') === type);
  return found === undefined ? undefined : text(found, 'status') === 'True';
}
