// A namespace with one Cluster and one of its Machines, as Cluster API leaves them when it calls UpdateMachine.
import { randomBytes } from 'node:crypto';
import type { IWorkflow } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/Workflow';
import type { JsonObject } from '../../src/api/json.ts';
import { STRATEGY_IN_PLACE, STRATEGY_LABEL } from '../../src/api/labels.ts';
import type { Policy } from '../../src/api/policy.ts';
import { updateMachineWorkflow } from '../../src/generators/update-machine.ts';
import { text } from '../../src/kubernetes/fields.ts';
import { CLUSTERS, MACHINES } from '../../src/hook/kubernetes/resources.ts';
import type { MachineView } from '../../src/hook/store.ts';
import { planUpdate } from '../../src/plan/decide.ts';
import { imageMap, NO_FACTS, policyOf, recorded, updateMachine } from '../helpers/requests.ts';
import { type Api, expectOk } from './api.ts';

export const VERSION = '0.1.0';
export const policy: Policy = policyOf({ imageMap: imageMap('v1.34.3') });

/** Unknown and misplaced fields are errors. */
export const STRICT = '?fieldValidation=Strict';

const RECORDING = 'kcp-version-1.33-to-1.34/02-updatemachine-refit-cp-2f546.json';
const objectNames = ['machine', 'bootstrapConfig', 'infrastructureMachine'] as const;

export interface Site {
  namespace: string;
  cluster: string;
  machine: string;
  /** The recorded UpdateMachine request, moved to this namespace. */
  request: JsonObject;
}

export async function createSite(api: Api): Promise<Site> {
  const namespace = `refit-test-${randomBytes(4).toString('hex')}`;
  const request = recorded(
    RECORDING,
    ...objectNames.map((name) => [`/desired/${name}/metadata/namespace`, namespace] as const),
  );
  const { machine, bootstrapConfig } = updateMachine(request).desired;
  const cluster = text(machine.spec, 'clusterName') ?? '';
  await expectOk(api.create('/api/v1/namespaces', { metadata: { name: namespace } }));
  await expectOk(api.create(CLUSTERS.path(namespace) + STRICT, clusterObject(namespace, cluster)));
  await expectOk(api.create(kubeadmConfigs(namespace) + STRICT, bootstrapConfig ?? {}));
  await createMachine(api, machine);
  return { namespace, cluster, machine: machine.metadata.name, request };
}

/** With a status that says that its Node is ready at v1.33.7. */
export async function createMachine(api: Api, machine: { metadata: { namespace: string; name: string } }) {
  const { namespace, name } = machine.metadata;
  await expectOk(api.create(MACHINES.path(namespace) + STRICT, machine));
  const status = { nodeRef: { name }, nodeInfo, conditions: [nodeReady] };
  await expectOk(api.patch(`${MACHINES.path(namespace, name)}/status${STRICT}`, { status }));
}

/** What the server would create for this site's request. */
export function workflowFor({ request }: Site, machine: MachineView, number: number): IWorkflow {
  const plan = planUpdate(updateMachine(request), policy, NO_FACTS);
  return updateMachineWorkflow({ machine, number, plan, policy, version: VERSION });
}

export function kubeadmConfigs(namespace: string): string {
  return `/apis/bootstrap.cluster.x-k8s.io/v1beta2/namespaces/${namespace}/kubeadmconfigs`;
}

/** Opted in. */
export function clusterObject(namespace: string, name: string): JsonObject {
  const controlPlaneRef = {
    apiGroup: 'controlplane.cluster.x-k8s.io',
    kind: 'KubeadmControlPlane',
    name: `${name}-cp`,
  };
  return {
    apiVersion: 'cluster.x-k8s.io/v1beta2',
    kind: 'Cluster',
    metadata: { namespace, name, labels: { [STRATEGY_LABEL]: STRATEGY_IN_PLACE } },
    spec: { controlPlaneRef },
  };
}

const nodeInfo = {
  architecture: 'amd64',
  bootID: '',
  containerRuntimeVersion: '',
  kernelVersion: '',
  kubeProxyVersion: '',
  kubeletVersion: 'v1.33.7',
  machineID: '',
  operatingSystem: 'linux',
  osImage: '',
  systemUUID: '',
};

const nodeReady = {
  type: 'NodeReady',
  status: 'True',
  reason: 'NodeReady',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};
