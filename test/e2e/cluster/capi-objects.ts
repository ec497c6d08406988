// Cluster API's objects of the nodes, as its managers would have left them: none of these runs here. Pure.
import type { JsonObject } from '../../../src/api/json.ts';
import {
  CERTIFICATES_EXPIRY_ANNOTATION,
  CLUSTER_NAME_LABEL,
  CONTROL_PLANE_LABEL,
  DEPLOYMENT_NAME_LABEL,
  SET_NAME_LABEL,
  STRATEGY_IN_PLACE,
  STRATEGY_LABEL,
  UNIQUE_SET_LABEL,
} from '../../../src/api/labels.ts';
import type { ClusterDescription, NodeDescription } from './folder.ts';
import { bootstrapSpec } from './kubeadm.ts';

const API = {
  cluster: 'cluster.x-k8s.io/v1beta2',
  bootstrap: 'bootstrap.cluster.x-k8s.io/v1beta2',
  controlPlane: 'controlplane.cluster.x-k8s.io/v1beta2',
  infrastructure: 'infrastructure.cluster.x-k8s.io/v1beta2',
};
const SET_HASH = '1234567890-e2e00';

export const controlPlaneName = (cluster: ClusterDescription): string =>
  `${cluster.clusterName}-control-plane`;
export const deploymentName = (cluster: ClusterDescription): string => `${cluster.clusterName}-workers`;
const setName = (cluster: ClusterDescription): string => `${deploymentName(cluster)}-e2e00`;

export function clusterObject(cluster: ClusterDescription): JsonObject {
  const [host = '', port] = cluster.endpoint.split(':');
  return {
    ...head(cluster, API.cluster, 'Cluster', cluster.clusterName, { [STRATEGY_LABEL]: STRATEGY_IN_PLACE }),
    spec: {
      controlPlaneEndpoint: { host, port: Number(port) },
      controlPlaneRef: reference(API.controlPlane, 'KubeadmControlPlane', controlPlaneName(cluster)),
      infrastructureRef: reference(API.infrastructure, 'DevCluster', cluster.clusterName),
    },
  };
}

export function controlPlaneObject(cluster: ClusterDescription, version: string): JsonObject {
  const first = cluster.nodes[0] as NodeDescription;
  const nodes = cluster.nodes.filter(({ role }) => role === 'control-plane');
  const template = reference(API.infrastructure, 'DevMachineTemplate', controlPlaneName(cluster));
  return {
    ...head(cluster, API.controlPlane, 'KubeadmControlPlane', controlPlaneName(cluster)),
    spec: {
      replicas: nodes.length,
      version,
      rollout: {
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: nodes.length === 1 ? 1 : 0 } },
      },
      machineTemplate: { spec: { infrastructureRef: template } },
      kubeadmConfigSpec: bootstrapSpec(cluster, first),
    },
  };
}

/** The MachineDeployment and its MachineSet. */
export function workerOwners(cluster: ClusterDescription, version: string): [JsonObject, JsonObject] {
  const replicas = cluster.nodes.filter(({ role }) => role === 'worker').length;
  const name = deploymentName(cluster);
  const labels = { [CLUSTER_NAME_LABEL]: cluster.clusterName, [DEPLOYMENT_NAME_LABEL]: name };
  const machine = {
    clusterName: cluster.clusterName,
    version,
    bootstrap: { configRef: reference(API.bootstrap, 'KubeadmConfigTemplate', name) },
    infrastructureRef: reference(API.infrastructure, 'DevMachineTemplate', name),
  };
  const owner = (more: Record<string, string>) => ({
    clusterName: cluster.clusterName,
    replicas,
    selector: { matchLabels: { ...labels, ...more } },
    template: { metadata: { labels: { ...labels, ...more } }, spec: machine },
  });
  const inSet = { [UNIQUE_SET_LABEL]: SET_HASH };
  return [
    { ...head(cluster, API.cluster, 'MachineDeployment', name), spec: owner({}) },
    {
      ...head(cluster, API.cluster, 'MachineSet', setName(cluster), { ...labels, ...inSet }),
      spec: owner(inSet),
    },
  ];
}

/** Of a node; `owner`: its control plane or MachineSet as the server has it. */
export function machineObject(
  cluster: ClusterDescription,
  node: NodeDescription,
  version: string,
  owner: JsonObject,
): JsonObject {
  return {
    ...head(cluster, API.cluster, 'Machine', node.name, machineLabels(cluster, node), [owner]),
    spec: {
      clusterName: cluster.clusterName,
      version,
      providerID: providerId(cluster, node),
      bootstrap: {
        configRef: reference(API.bootstrap, 'KubeadmConfig', node.name),
        dataSecretName: node.name,
      },
      infrastructureRef: reference(API.infrastructure, 'DevMachine', node.name),
    },
  };
}

/** What belongs to a Machine. `expiry`: of the API server's certificate. */
export function machineParts(
  cluster: ClusterDescription,
  node: NodeDescription,
  machine: JsonObject,
  expiry?: string,
): JsonObject[] {
  const labels = machineLabels(cluster, node);
  const bootstrap = head(cluster, API.bootstrap, 'KubeadmConfig', node.name, labels, [machine]);
  const annotations = expiry === undefined ? {} : { [CERTIFICATES_EXPIRY_ANNOTATION]: expiry };
  return [
    {
      ...bootstrap,
      metadata: { ...(bootstrap['metadata'] as JsonObject), annotations },
      spec: bootstrapSpec(cluster, node),
    },
    {
      ...head(cluster, API.infrastructure, 'DevMachine', node.name, labels, [machine]),
      spec: { providerID: providerId(cluster, node), backend: { inMemory: {} } },
    },
  ];
}

export const providerId = ({ clusterName }: ClusterDescription, { name }: NodeDescription): string =>
  `e2e://${clusterName}/${name}`;

function machineLabels(cluster: ClusterDescription, { role }: NodeDescription): Record<string, string> {
  const of: Record<string, string> =
    role === 'control-plane'
      ? { [CONTROL_PLANE_LABEL]: '', 'cluster.x-k8s.io/control-plane-name': controlPlaneName(cluster) }
      : {
          [DEPLOYMENT_NAME_LABEL]: deploymentName(cluster),
          [SET_NAME_LABEL]: setName(cluster),
          [UNIQUE_SET_LABEL]: SET_HASH,
        };
  return { [CLUSTER_NAME_LABEL]: cluster.clusterName, ...of };
}

function head(
  { namespace, clusterName }: ClusterDescription,
  apiVersion: string,
  kind: string,
  name: string,
  labels: Record<string, string> = {},
  owners: readonly JsonObject[] = [],
): JsonObject {
  const ownerReferences = owners.map((owner) => {
    const metadata = owner['metadata'] as JsonObject;
    return {
      apiVersion: owner['apiVersion'] ?? '',
      kind: owner['kind'] ?? '',
      name: metadata['name'] ?? '',
      uid: metadata['uid'] ?? '',
      controller: true,
    };
  });
  const all = { [CLUSTER_NAME_LABEL]: clusterName, ...labels };
  return { apiVersion, kind, metadata: { namespace, name, labels: all, ownerReferences } };
}

function reference(apiVersion: string, kind: string, name: string): JsonObject {
  return { apiGroup: apiVersion.split('/')[0] ?? '', kind, name };
}
