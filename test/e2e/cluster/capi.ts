// Declares the nodes to Cluster API's objects, and marks the Nodes as its managers would.
import { readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import path from 'node:path';
import { CLUSTERS, MACHINES } from '../../../src/hook/kubernetes/resources.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { NODES } from '../../../src/steps/api/paths.ts';
import { type Api, expectOk } from '../../apiserver/api.ts';
import { applyTo } from '../../apiserver/apply.ts';
import { recipe } from '../../tools/catalog.ts';
import { mirrored } from '../kit/machine-status.ts';
import * as objects from './capi-objects.ts';
import type { ClusterDescription, ClusterLayout, NodeDescription } from './folder.ts';

/** All Nodes have joined. Errors: which object was refused, and why. */
export async function declareToCapi(
  api: Api,
  layout: ClusterLayout,
  cluster: ClusterDescription,
): Promise<void> {
  const apply = applyTo(api);
  const one = async (object: JsonObject) => (await apply([object]))[0] ?? {};
  const { version } = recipe('kubeadm-1.33');
  await one(objects.clusterObject(cluster));
  await expectOk(
    api.patch(`${CLUSTERS.path(cluster.namespace, cluster.clusterName)}/status`, {
      status: {
        phase: 'Provisioned',
        initialization: { infrastructureProvisioned: true, controlPlaneInitialized: true },
      },
    }),
  );
  await one(kubeconfigSecret(layout, cluster));
  const controlPlane = await one(objects.controlPlaneObject(cluster, version));
  const [, set] = await apply(objects.workerOwners(cluster, version));
  for (const node of cluster.nodes) {
    const owner = node.role === 'control-plane' ? controlPlane : set;
    const machine = await one(objects.machineObject(cluster, node, version, owner ?? {}));
    await apply(objects.machineParts(cluster, node, machine, expiryOf(layout, node)));
    await joinNodeToMachine(api, cluster, node, machine);
  }
}

/** Cluster API makes it of the cluster's authority. */
function kubeconfigSecret(layout: ClusterLayout, { namespace, clusterName }: ClusterDescription): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'cluster.x-k8s.io/secret',
    metadata: {
      ...{ namespace, name: `${clusterName}-kubeconfig` },
      labels: { 'cluster.x-k8s.io/cluster-name': clusterName },
    },
    data: { value: readFileSync(layout.kubeconfig).toString('base64') },
  };
}

function expiryOf(layout: ClusterLayout, { name, role }: NodeDescription): string | undefined {
  if (role !== 'control-plane') return undefined;
  const file = path.join(layout.node(name).root, 'etc/kubernetes/pki/apiserver.crt');
  return new X509Certificate(readFileSync(file)).validToDate.toISOString().replace(/\.\d+Z$/, 'Z');
}

async function joinNodeToMachine(
  api: Api,
  cluster: ClusterDescription,
  node: NodeDescription,
  machine: JsonObject,
): Promise<void> {
  const annotations = {
    'cluster.x-k8s.io/cluster-name': cluster.clusterName,
    'cluster.x-k8s.io/cluster-namespace': cluster.namespace,
    'cluster.x-k8s.io/machine': node.name,
  };
  const patch = { metadata: { annotations }, spec: { providerID: objects.providerId(cluster, node) } };
  const joined = await expectOk(api.patch(`${NODES}/${node.name}`, patch));
  const status = {
    ...mirrored(machine, joined),
    nodeRef: { name: node.name },
    phase: 'Running',
    addresses: [{ type: 'InternalIP', address: node.address }],
    initialization: { infrastructureProvisioned: true, bootstrapDataSecretCreated: true },
  };
  await expectOk(api.patch(`${MACHINES.path(cluster.namespace, node.name)}/status`, { status }));
}
