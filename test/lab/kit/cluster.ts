// A Cluster as a story declares it, and its objects: in-memory machines, kubeadm control plane and workers.
import type { JsonObject } from '../../../src/api/json.ts';
import { STRATEGY_IN_PLACE, STRATEGY_LABEL } from '../../../src/api/labels.ts';
import {
  AUDIT_POLICY,
  controlPlaneSpec,
  type ControlPlaneConfiguration,
  type NodeConfiguration,
  workerSpec,
} from './kubeadm.ts';
import { devCluster, devMachineTemplate } from './infrastructure.ts';
import { API, declare, type LabObject, nameOfContent, referenceTo } from './objects.ts';
import { machineDeletion, ownerLabels, type OwnerSettings } from './owner-settings.ts';
import type { Site } from './site.ts';
import { topologyObjects, topologySpec } from './topology.ts';

export interface LabCluster {
  name: string;
  /** Default: true. */
  optedIn?: boolean;
  paused?: boolean;
  /** Made from a ClusterClass; its version is that of the control plane. */
  topology?: boolean;
  controlPlane: ControlPlane;
  /** Of each a MachineDeployment. */
  workers?: readonly Workers[];
}

export interface ControlPlane extends ControlPlaneConfiguration, OwnerSettings {
  /** CAPI updates a control plane in place only if nothing may surge, which it allows from three replicas on. */
  replicas: 1 | 3;
  version: string;
}

export interface Workers extends NodeConfiguration, OwnerSettings {
  /** Of the MachineDeployment. */
  name: string;
  replicas: number;
  version: string;
  /** Default: 1. Nothing ever surges. */
  maxUnavailable?: number;
  /** CAPI replaces only what somebody deletes. */
  onDelete?: boolean;
}

/** The whole of it, or a change: only what differs is written. Errors: which object was refused, and why. */
export async function declareCluster(site: Site, cluster: LabCluster): Promise<void> {
  await declare(site, clusterObjects(cluster));
}

/** What the MachineDeployment will refer to. */
export async function declareTemplates(site: Site, cluster: string, workers: Workers): Promise<void> {
  await declare(site, workerObjects(cluster, workers).filter(isTemplate));
}

/** One quick request; its templates must be there. */
export async function declareDeployment(site: Site, cluster: string, workers: Workers): Promise<void> {
  await declare(site, [deploymentObject(cluster, workers)]);
}

export function deploymentObject(cluster: string, workers: Workers): LabObject {
  return workerObjects(cluster, workers).at(-1) as LabObject;
}

function isTemplate({ kind }: LabObject): boolean {
  return kind.endsWith('Template');
}

export function clusterObjects(cluster: LabCluster): LabObject[] {
  const configurations = [cluster.controlPlane, ...(cluster.workers ?? [])];
  const secrets = configurations.some(({ auditPolicy }) => auditPolicy) ? [AUDIT_POLICY] : [];
  return [...secrets, ...(cluster.topology ? ofClass(cluster) : plain(cluster))];
}

function ofClass(cluster: LabCluster): LabObject[] {
  return [...topologyObjects(cluster), clusterObject(cluster, topologySpec(cluster))];
}

/** What the Cluster names must be there before it: CAPI looks for it again only after half a minute. */
function plain(cluster: LabCluster): LabObject[] {
  const infrastructure = devCluster(cluster.name);
  const [template, controlPlane] = controlPlaneObjects(cluster);
  const spec = {
    infrastructureRef: referenceTo(infrastructure),
    controlPlaneRef: referenceTo(controlPlane),
  };
  const workers = (cluster.workers ?? []).flatMap((one) => workerObjects(cluster.name, one));
  return [infrastructure, template, controlPlane, clusterObject(cluster, spec), ...workers];
}

function clusterObject({ name, optedIn = true, paused = false }: LabCluster, spec: JsonObject): LabObject {
  const labels: Record<string, string> = optedIn ? { [STRATEGY_LABEL]: STRATEGY_IN_PLACE } : {};
  const clusterNetwork = {
    services: { cidrBlocks: ['10.128.0.0/12'] },
    pods: { cidrBlocks: ['192.168.0.0/16'] },
    serviceDomain: 'cluster.local',
  };
  return {
    apiVersion: API.cluster,
    kind: 'Cluster',
    metadata: { name, labels },
    spec: { clusterNetwork, ...(paused ? { paused } : {}), ...spec },
  };
}

function controlPlaneObjects({ name, controlPlane }: LabCluster): [LabObject, LabObject] {
  const template = devMachineTemplate(`${name}-control-plane`);
  const { replicas, version } = controlPlane;
  const infrastructureRef = referenceTo(template);
  const spec = {
    replicas,
    version,
    rollout: rollout({ maxSurge: replicas === 1 ? 1 : 0 }),
    machineTemplate: { spec: { infrastructureRef, deletion: machineDeletion(controlPlane) } },
    kubeadmConfigSpec: controlPlaneSpec(controlPlane),
  };
  const metadata = { name, labels: ownerLabels(controlPlane) };
  return [template, { apiVersion: API.controlPlane, kind: 'KubeadmControlPlane', metadata, spec }];
}

function workerObjects(clusterName: string, workers: Workers): LabObject[] {
  const { name, replicas, version, maxUnavailable = 1, onDelete = false } = workers;
  const infrastructure = devMachineTemplate(name);
  const configuration = { template: { spec: workerSpec(workers) } };
  const bootstrap = {
    apiVersion: API.bootstrap,
    kind: 'KubeadmConfigTemplate',
    metadata: { name: nameOfContent(name, configuration), annotations: ANY_SKEW },
    spec: configuration,
  };
  const machine = {
    clusterName,
    version,
    bootstrap: { configRef: referenceTo(bootstrap) },
    infrastructureRef: referenceTo(infrastructure),
    deletion: machineDeletion(workers),
  };
  const deployment = {
    apiVersion: API.cluster,
    kind: 'MachineDeployment',
    metadata: { name, labels: ownerLabels(workers) },
    spec: {
      clusterName,
      replicas,
      rollout: onDelete ? { strategy: { type: 'OnDelete' } } : rollout({ maxSurge: 0, maxUnavailable }),
      template: { spec: machine },
    },
  };
  return [infrastructure, bootstrap, deployment];
}

function rollout(rollingUpdate: JsonObject): JsonObject {
  return { strategy: { type: 'RollingUpdate', rollingUpdate } };
}

/** CAPI would not make workers of another minor version than their control plane: a story may begin with them. */
const ANY_SKEW = { 'machineset.cluster.x-k8s.io/skip-preflight-checks': 'KubeadmVersionSkew' };
