// A Cluster from a ClusterClass of its own.
import type { JsonObject } from '../../../src/api/json.ts';
import type { LabCluster, Workers } from './cluster.ts';
import { devClusterTemplate, devMachineTemplate } from './infrastructure.ts';
import { controlPlaneSpec, workerSpec } from './kubeadm.ts';
import { API, type LabObject, nameOfContent } from './objects.ts';
import { machineDeletion, ownerLabels, type OwnerSettings } from './owner-settings.ts';

export function topologySpec({ name, controlPlane, workers = [] }: LabCluster): JsonObject {
  const { replicas, version } = controlPlane;
  const machineDeployments = workers.map((one) => ({
    class: one.name,
    name: one.name,
    replicas: one.replicas,
    ...settings(one),
  }));
  return {
    topology: {
      classRef: { name },
      version,
      controlPlane: { replicas, ...settings(controlPlane) },
      workers: { machineDeployments },
    },
  };
}

/** Empty metadata is refused. */
function settings(owner: OwnerSettings): JsonObject {
  const metadata = owner.external === true ? { metadata: { labels: ownerLabels(owner) } } : {};
  return { ...metadata, deletion: machineDeletion(owner) };
}

/** The ClusterClass, and before it all that it names. */
export function topologyObjects({ name, controlPlane, workers = [] }: LabCluster): LabObject[] {
  const infrastructure = devClusterTemplate(name);
  const machines = devMachineTemplate(name);
  const controlPlaneTemplate = template(API.controlPlane, 'KubeadmControlPlaneTemplate', name, {
    rollout: {
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: controlPlane.replicas === 1 ? 1 : 0 } },
    },
    kubeadmConfigSpec: controlPlaneSpec(controlPlane),
  });
  const bootstraps = workers.map((one) =>
    template(API.bootstrap, 'KubeadmConfigTemplate', one.name, workerSpec(one)),
  );
  const spec = {
    infrastructure: templateRef(infrastructure),
    controlPlane: { ...templateRef(controlPlaneTemplate), machineInfrastructure: templateRef(machines) },
    workers: {
      machineDeployments: workers.map((one, index) => ({
        ...workerClass(one),
        bootstrap: templateRef(bootstraps[index] as LabObject),
        infrastructure: templateRef(machines),
      })),
    },
  };
  const clusterClass = { apiVersion: API.cluster, kind: 'ClusterClass', metadata: { name }, spec };
  return [infrastructure, machines, controlPlaneTemplate, ...bootstraps, clusterClass];
}

function workerClass({ name, maxUnavailable = 1 }: Workers): JsonObject {
  return {
    class: name,
    rollout: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable } } },
  };
}

function template(apiVersion: string, kind: string, name: string, content: JsonObject): LabObject {
  const spec = { template: { spec: content } };
  return { apiVersion, kind, metadata: { name: nameOfContent(name, spec) }, spec };
}

function templateRef({ apiVersion, kind, metadata: { name } }: LabObject): JsonObject {
  return { templateRef: { apiVersion, kind, name } };
}
