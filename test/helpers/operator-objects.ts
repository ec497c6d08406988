// Objects of a management cluster as people's commands meet them, as small as they can be: Cluster lab/edge.
import type { JsonObject } from '../../src/api/json.ts';
import {
  CLUSTER_NAME_LABEL,
  CONTROL_PLANE_LABEL,
  DEPLOYMENT_NAME_LABEL,
  STRATEGY_IN_PLACE,
  STRATEGY_LABEL,
} from '../../src/api/labels.ts';
import { operationName } from '../../src/api/names.ts';
import { writeRecord, type OperationRecord } from '../../src/api/operation.ts';

export const NAMESPACE = 'lab';
export const CLUSTER = 'edge';

export const CAPI = '/apis/cluster.x-k8s.io/v1beta2';
export const PLACES = {
  Cluster: `${CAPI}/clusters`,
  Machine: `${CAPI}/machines`,
  MachineDeployment: `${CAPI}/machinedeployments`,
  KubeadmControlPlane: '/apis/controlplane.cluster.x-k8s.io/v1beta2/kubeadmcontrolplanes',
  Workflow: '/apis/argoproj.io/v1alpha1/workflows',
  Event: '/api/v1/events',
} as const;

export type Sample = JsonObject & { kind: keyof typeof PLACES; metadata: JsonObject & { name: string } };

export function clusterSample(name = CLUSTER, more: { labels?: JsonObject; spec?: JsonObject } = {}): Sample {
  const { labels = { [STRATEGY_LABEL]: STRATEGY_IN_PLACE }, spec = {} } = more;
  return { kind: 'Cluster', metadata: { namespace: NAMESPACE, name, labels }, spec };
}

export function controlPlaneSample(version = 'v1.34.3', more: JsonObject = {}): Sample {
  return {
    kind: 'KubeadmControlPlane',
    metadata: { namespace: NAMESPACE, name: `${CLUSTER}-cp`, labels: { [CLUSTER_NAME_LABEL]: CLUSTER } },
    spec: { version, replicas: 3, ...more },
  };
}

export function deploymentSample(version = 'v1.34.3', more: JsonObject = {}): Sample {
  return {
    kind: 'MachineDeployment',
    metadata: { namespace: NAMESPACE, name: 'md-0', labels: { [CLUSTER_NAME_LABEL]: CLUSTER } },
    spec: { clusterName: CLUSTER, template: { spec: { clusterName: CLUSTER, version } }, ...more },
  };
}

export interface MachineSample {
  worker?: boolean;
  version?: string;
  kubelet?: string;
  /** null: it has none. */
  node?: string | null;
  annotations?: Record<string, string>;
  record?: Partial<OperationRecord>;
  cluster?: string;
  metadata?: JsonObject;
}

export function uidOf(machine: string): string {
  return `uid-of-${machine}`;
}

export function recordSample(record: Partial<OperationRecord> = {}): OperationRecord {
  return {
    version: 1,
    number: 3,
    hash: 'v1-a',
    state: 'running',
    from: 'v1.33.7',
    to: 'v1.34.3',
    startedAt: '2026-01-01T11:57:50Z',
    ...record,
  };
}

export function machineSample(name: string, sample: MachineSample = {}): Sample {
  const { worker = false, version = 'v1.34.3', kubelet = 'v1.34.3', node = name, cluster = CLUSTER } = sample;
  const role = worker ? { [DEPLOYMENT_NAME_LABEL]: 'md-0' } : { [CONTROL_PLANE_LABEL]: '' };
  const record = sample.record === undefined ? {} : writeRecord(recordSample(sample.record));
  return {
    kind: 'Machine',
    metadata: {
      namespace: NAMESPACE,
      name,
      uid: uidOf(name),
      labels: { [CLUSTER_NAME_LABEL]: cluster, ...role },
      annotations: { ...record, ...sample.annotations },
      ...sample.metadata,
    },
    spec: { clusterName: cluster, version },
    status: node === null ? {} : { nodeRef: { name: node }, nodeInfo: { kubeletVersion: kubelet } },
  };
}

/** Of an operation of that Machine; steps before `step` have succeeded, that one runs. */
export function workflowSample(machine: string, number: number, step: string): Sample {
  const name = operationName({ name: machine, uid: uidOf(machine) }, number);
  const tasks = ['preflight', 'protect', 'stage', 'drain', 'kubeadm', 'kubelet', 'verify', 'complete'];
  const nodes = tasks.slice(0, tasks.indexOf(step) + 1).map((task) => ({
    name: `${name}.${task}`,
    type: 'Pod',
    phase: task === step ? 'Running' : 'Succeeded',
    startedAt: '2026-01-01T11:58:48Z',
    ...(task === step ? {} : { finishedAt: '2026-01-01T11:58:48Z' }),
  }));
  return {
    kind: 'Workflow',
    metadata: { namespace: NAMESPACE, name, ownerReferences: [{ kind: 'Machine', name: machine }] },
    spec: {
      entrypoint: 'update',
      templates: [{ name: 'update', dag: { tasks: tasks.map((task) => ({ name: task })) } }],
    },
    status: { phase: 'Running', nodes: Object.fromEntries(nodes.map((node) => [node.name, node])) },
  };
}

export function refusalSample(
  machine: string,
  message: string,
  lastTimestamp = '2026-01-01T11:58:00Z',
): Sample {
  return {
    kind: 'Event',
    metadata: { namespace: NAMESPACE, name: `${machine}.1` },
    involvedObject: { kind: 'Machine', namespace: NAMESPACE, name: machine, uid: uidOf(machine) },
    reason: 'InPlaceUpdateBlocked',
    message,
    firstTimestamp: '2026-01-01T11:30:00Z',
    lastTimestamp,
  };
}
