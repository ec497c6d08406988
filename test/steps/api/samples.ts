// Objects of both clusters, as small as they can be.
import type { JsonObject } from '../../../src/api/json.ts';
import type { ApiServer } from '../../helpers/api-server.ts';

export const NODE = 'node-1';
export const MACHINE_UID = '11111111-1111-4111-8111-111111111111';

export interface NodeSample {
  name?: string;
  version?: string;
  ready?: boolean;
  cordoned?: boolean;
  annotations?: Record<string, string>;
  taints?: JsonObject[];
  providerID?: string;
}

export function nodeObject(sample: NodeSample = {}): JsonObject {
  const {
    name = NODE,
    version = 'v1.33.7',
    ready = true,
    cordoned = false,
    annotations = {},
    taints = [],
  } = sample;
  const conditions = [
    { type: 'Ready', status: ready ? 'True' : 'False', lastHeartbeatTime: '2025-12-31T23:00:00Z' },
    { type: 'DiskPressure', status: 'False' },
  ];
  return {
    metadata: { name, uid: `uid-of-${name}`, annotations },
    spec: {
      taints,
      providerID: sample.providerID ?? `lab://${name}`,
      ...(cordoned ? { unschedulable: true } : {}),
    },
    status: {
      nodeInfo: { kubeletVersion: version, containerRuntimeVersion: 'containerd://2.1.4' },
      conditions,
    },
  };
}

export interface PodSample {
  name: string;
  namespace?: string;
  node?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  owner?: string;
  phase?: string;
  ready?: boolean;
  image?: string;
  command?: string[];
  restartCount?: number;
  volumes?: JsonObject[];
  /** It takes its time to end: until the test lets go of it. */
  slow?: boolean;
}

export function podObject(sample: PodSample): JsonObject {
  const {
    name,
    namespace = 'shop',
    node = NODE,
    labels = {},
    annotations = {},
    owner = 'ReplicaSet',
  } = sample;
  const {
    phase = 'Running',
    ready = true,
    image = 'web:1',
    command = [],
    restartCount = 0,
    volumes = [],
  } = sample;
  return {
    metadata: {
      ...{ name, namespace, labels, annotations, uid: `uid-of-${name}` },
      ownerReferences: [{ kind: owner, name: 'owner', controller: true }],
      ...(sample.slow ? { finalizers: ['example.com/slow'] } : {}),
    },
    spec: { nodeName: node, containers: [{ name: 'main', image, command }], volumes },
    status: {
      phase,
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
      containerStatuses: [{ name: 'main', restartCount }],
    },
  };
}

export interface BudgetSample {
  name: string;
  app: string;
  allowed: number;
}

export function budgetObject({ name, app, allowed }: BudgetSample): JsonObject {
  return {
    metadata: { name, namespace: 'shop' },
    spec: { selector: { matchLabels: { app } } },
    status: { disruptionsAllowed: allowed, currentHealthy: 2, desiredHealthy: 2 - allowed },
  };
}

/** Static pods of a control-plane node, as the kubelet shows them. */
export function staticPod(component: string, version: string, more: Partial<PodSample> = {}): JsonObject {
  const { node = NODE } = more;
  return podObject({
    name: `${component}-${node}`,
    namespace: 'kube-system',
    labels: { component, tier: 'control-plane' },
    annotations: { 'kubernetes.io/config.mirror': 'hash' },
    owner: 'Node',
    image: `registry.k8s.io/${component}:${component === 'etcd' ? '3.6.5-0' : version}`,
    command: [
      component,
      ...(component === 'kube-apiserver' ? ['--etcd-servers=https://127.0.0.1:2379'] : []),
    ],
    ...more,
  });
}

export function machineObject(
  more: { labels?: JsonObject; annotations?: JsonObject; spec?: JsonObject } = {},
): JsonObject {
  return {
    metadata: {
      name: 'md-0',
      namespace: 'lab',
      uid: MACHINE_UID,
      labels: more.labels ?? {},
      annotations: more.annotations ?? {},
    },
    spec: { version: 'v1.34.3', providerID: `lab://${NODE}`, ...more.spec },
    status: { nodeRef: { name: NODE } },
  };
}

/** `collection` is a path without namespace, as `/api/v1/pods`. */
export function put(server: ApiServer, collection: string, object: JsonObject): void {
  const metadata = object['metadata'] as { namespace?: string; name: string };
  server.data.create({ collection, namespace: metadata.namespace ?? '', name: metadata.name }, object);
}
