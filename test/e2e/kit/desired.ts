// What Cluster API writes before it calls UpdateMachine: for a control plane first kubeadm-config, then the Machine's
// objects, each with the mark that an update is in progress; the pending hook last.
import { parse, stringify } from 'yaml';
import { isObject, type JsonObject } from '../../../src/api/json.ts';
import { CONTROL_PLANE_LABEL } from '../../../src/api/labels.ts';
import { at, text, texts } from '../../../src/kubernetes/fields.ts';
import { expectOk } from '../../apiserver/api.ts';
import {
  type MachineObjects,
  pathOf,
  PENDING_HOOKS,
  readMachineObjects,
  UPDATE_IN_PROGRESS,
} from './objects.ts';
import type { Site } from './site.ts';

export interface Desired {
  version?: string;
  /** Changed in the KubeadmConfig's spec, key by key; of clusterConfiguration also in kubeadm-config. */
  bootstrap?: JsonObject;
  /** Of the Machine's `spec.deletion`; it bounds a drain. */
  nodeDrainTimeoutSeconds?: number;
}

const KUBEADM_CONFIG = '/api/v1/namespaces/kube-system/configmaps/kubeadm-config';

/** Errors: which write was refused. */
export async function writeDesired(site: Site, machine: string, desired: Desired): Promise<MachineObjects> {
  const objects = await readMachineObjects(site, machine);
  if (isControlPlane(objects.machine)) await writeKubeadmConfig(site, desired);
  const { version, bootstrap, nodeDrainTimeoutSeconds } = desired;
  const marked = { metadata: { annotations: { [UPDATE_IN_PROGRESS]: '' } } };
  const patch = (object: JsonObject, body: JsonObject) => expectOk(site.api.patch(pathOf(object), body));
  const deletion = nodeDrainTimeoutSeconds === undefined ? {} : { deletion: { nodeDrainTimeoutSeconds } };
  await patch(objects.machine, marked);
  await patch(objects.infrastructureMachine, marked);
  await patch(objects.bootstrapConfig, { ...marked, ...(bootstrap ? { spec: bootstrap } : {}) });
  await patch(objects.machine, { spec: { ...(version === undefined ? {} : { version }), ...deletion } });
  await patch(objects.machine, { metadata: { annotations: { [PENDING_HOOKS]: 'UpdateMachine' } } });
  return readMachineObjects(site, machine);
}

/** What Cluster API takes away when it is told that the update is done. */
export async function removeMarks(site: Site, machine: string): Promise<void> {
  const objects = await readMachineObjects(site, machine);
  for (const object of [objects.machine, objects.infrastructureMachine, objects.bootstrapConfig]) {
    const annotations = { [UPDATE_IN_PROGRESS]: null };
    await expectOk(site.api.patch(pathOf(object), { metadata: { annotations } }));
  }
  const annotations = { [PENDING_HOOKS]: null };
  await expectOk(site.api.patch(pathOf(objects.machine), { metadata: { annotations } }));
}

function isControlPlane(machine: JsonObject): boolean {
  return CONTROL_PLANE_LABEL in texts(machine, 'metadata', 'labels');
}

/** As the control-plane provider does it before it touches the first Machine. */
async function writeKubeadmConfig({ api }: Site, { version, bootstrap }: Desired): Promise<void> {
  const configMap = await expectOk(api.get(KUBEADM_CONFIG));
  const present = parse(text(configMap, 'data', 'ClusterConfiguration') ?? '') as JsonObject;
  const changed = {
    ...merged(present, at(bootstrap, 'clusterConfiguration')),
    ...(version === undefined ? {} : { kubernetesVersion: version }),
  };
  await expectOk(api.patch(KUBEADM_CONFIG, { data: { ClusterConfiguration: stringify(changed) } }));
}

/** As a merge patch, without its null. Pure. */
export function merged(present: JsonObject, change: ReturnType<typeof at>): JsonObject {
  if (!isObject(change)) return present;
  const result = { ...present };
  for (const [key, value] of Object.entries(change)) {
    const before = result[key];
    result[key] = isObject(value) ? merged(isObject(before) ? before : {}, value) : value;
  }
  return result;
}
