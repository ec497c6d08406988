// What owns Machines: the control plane and MachineDeployments of a Cluster, and how far their rollout is.
import { type ExternalRecord, knownExternal } from '../../../src/api/external-record.ts';
import type { JsonValue } from '../../../src/api/json.ts';
import { CLUSTER_NAME_LABEL, DEPLOYMENT_NAME_LABEL, PAUSED_ANNOTATION } from '../../../src/api/labels.ts';
import { at, text, texts } from '../../../src/kubernetes/fields.ts';
import { API, pathOf } from './objects.ts';
import type { Site } from './site.ts';
import { type Condition, conditionsOf, items } from './state.ts';

export interface Owner {
  kind: 'KubeadmControlPlane' | 'MachineDeployment';
  name: string;
  uid: string;
  version: string;
  isObserved: boolean;
  /** By an annotation on it: its value. */
  paused: string | undefined;
  /** The record of its upgrade by Refit. */
  external: ExternalRecord | undefined;
  /** Wanted. */
  replicas: number;
  status: Readonly<Record<(typeof COUNTS)[number], number>>;
  conditions: Readonly<Record<string, Condition>>;
  /** Machines that still belong to what was wanted before: of a MachineDeployment, by its MachineSets. */
  leftBehind: number;
}

const COUNTS = ['replicas', 'readyReplicas', 'availableReplicas', 'upToDateReplicas'] as const;
const TEMPLATE = ['spec', 'template', 'spec'];

/** The control plane first. */
export async function owners(site: Site, cluster: string): Promise<Owner[]> {
  const find = (apiVersion: string, kind: string) =>
    items(site, `${pathOf(site, { apiVersion, kind })}?labelSelector=${CLUSTER_NAME_LABEL}=${cluster}`);
  const [controlPlanes, deployments, sets] = await Promise.all([
    find(API.controlPlane, 'KubeadmControlPlane'),
    find(API.cluster, 'MachineDeployment'),
    find(API.cluster, 'MachineSet'),
  ]);
  return [
    ...controlPlanes.map((object) => owner('KubeadmControlPlane', object, 0)),
    ...deployments.map((object) => owner('MachineDeployment', object, leftBehind(object, sets))),
  ];
}

function owner(kind: Owner['kind'], object: JsonValue, leftBehind: number): Owner {
  const versionKeys = kind === 'MachineDeployment' ? TEMPLATE : ['spec'];
  const annotations = texts(object, 'metadata', 'annotations');
  return {
    kind,
    name: text(object, 'metadata', 'name') ?? '',
    uid: text(object, 'metadata', 'uid') ?? '',
    version: text(object, ...versionKeys, 'version') ?? '',
    isObserved: at(object, 'status', 'observedGeneration') === at(object, 'metadata', 'generation'),
    paused: annotations[PAUSED_ANNOTATION],
    external: knownExternal(annotations),
    replicas: Number(at(object, 'spec', 'replicas')),
    status: Object.fromEntries(
      COUNTS.map((count) => [count, Number(at(object, 'status', count) ?? 0)]),
    ) as Owner['status'],
    conditions: conditionsOf(object),
    leftBehind,
  };
}

/** CAPI may still count its Machines as up to date when it has seen a new generation but not yet compared them. */
function leftBehind(deployment: JsonValue, sets: readonly JsonValue[]): number {
  const others = sets.filter(
    (set) =>
      text(set, 'metadata', 'labels', DEPLOYMENT_NAME_LABEL) === text(deployment, 'metadata', 'name') &&
      wanted(set) !== wanted(deployment),
  );
  return others.reduce<number>((sum, set) => sum + Number(at(set, 'status', 'replicas') ?? 0), 0);
}

function wanted(object: JsonValue): string {
  return JSON.stringify([
    text(object, ...TEMPLATE, 'version'),
    text(object, ...TEMPLATE, 'bootstrap', 'configRef', 'name'),
    text(object, ...TEMPLATE, 'infrastructureRef', 'name'),
  ]);
}
