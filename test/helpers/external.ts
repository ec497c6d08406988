// Owners with their Machines and templates, as they are in the API, for tests of external upgrades.
import { askOf, type OwnerKind } from '../../src/api/external-owner.ts';
import type { MachineSituation, Templates } from '../../src/api/external-desired.ts';
import { without } from '../../src/api/fields.ts';
import type { JsonObject } from '../../src/api/json.ts';
import {
  CLONED_FROM_KIND_ANNOTATION,
  CLONED_FROM_NAME_ANNOTATION,
  CLUSTER_NAME_LABEL,
  CONTROL_PLANE_LABEL,
  DEPLOYMENT_NAME_LABEL,
  SET_NAME_LABEL,
  STRATEGY_EXTERNAL,
  STRATEGY_LABEL,
} from '../../src/api/labels.ts';
import type { ExternalSituation } from '../../src/plan/external.ts';
import { edited, type Edit } from './requests.ts';

export const FROM = 'v1.33.7';
export const TO = 'v1.34.3';
const GROUP = 'infrastructure.cluster.x-k8s.io';
const namespace = 'site';

/** Of a KubeadmControlPlane with one Machine, made by kubeadm init. */
export const kubeadmConfigSpec: JsonObject = {
  clusterConfiguration: {
    apiServer: { extraArgs: [{ name: 'profiling', value: 'false' }] },
    etcd: { local: { imageTag: '3.5.21-0' } },
  },
  initConfiguration: { nodeRegistration: { kubeletExtraArgs: [{ name: 'v', value: '2' }] } },
  joinConfiguration: { nodeRegistration: { kubeletExtraArgs: [{ name: 'v', value: '2' }] } },
  files: [{ path: '/etc/kubernetes/audit.yaml', content: 'a: 1\n' }],
};

export const cluster: JsonObject = {
  apiVersion: 'cluster.x-k8s.io/v1beta2',
  kind: 'Cluster',
  metadata: { namespace, name: 'edge', uid: 'cluster-uid' },
  spec: {},
};

export function controlPlane(...edits: Edit[]): JsonObject {
  const metadata = {
    ...ownerMetadata('edge-cp'),
    labels: { [CLUSTER_NAME_LABEL]: 'edge', [STRATEGY_LABEL]: STRATEGY_EXTERNAL },
  };
  const infrastructureRef = { apiGroup: GROUP, kind: 'MetalMachineTemplate', name: 'cp-1' };
  return edited(
    {
      apiVersion: 'controlplane.cluster.x-k8s.io/v1beta2',
      kind: 'KubeadmControlPlane',
      metadata,
      spec: { replicas: 1, version: TO, kubeadmConfigSpec, machineTemplate: { spec: { infrastructureRef } } },
    },
    ...edits,
  );
}

export function machineDeployment(...edits: Edit[]): JsonObject {
  const metadata = {
    ...ownerMetadata('edge-md'),
    labels: { [CLUSTER_NAME_LABEL]: 'edge', [STRATEGY_LABEL]: STRATEGY_EXTERNAL },
  };
  return edited(
    {
      apiVersion: 'cluster.x-k8s.io/v1beta2',
      kind: 'MachineDeployment',
      metadata,
      spec: { clusterName: 'edge', replicas: 2, template: { spec: templateSpec(TO) } },
    },
    ...edits,
  );
}

export function machineSet(name = 'edge-md-1', ...edits: Edit[]): JsonObject {
  const labels = { [CLUSTER_NAME_LABEL]: 'edge', [DEPLOYMENT_NAME_LABEL]: 'edge-md' };
  return edited(
    {
      apiVersion: 'cluster.x-k8s.io/v1beta2',
      kind: 'MachineSet',
      metadata: {
        namespace,
        name,
        uid: `${name}-uid`,
        labels,
        ownerReferences: [{ controller: true, uid: 'edge-md-uid' }],
      },
      spec: { clusterName: 'edge', replicas: 2, template: { spec: templateSpec(FROM) } },
    },
    ...edits,
  );
}

function templateSpec(version: string): JsonObject {
  return {
    clusterName: 'edge',
    version,
    bootstrap: {
      configRef: { apiGroup: 'bootstrap.cluster.x-k8s.io', kind: 'KubeadmConfigTemplate', name: 'md-1' },
    },
    infrastructureRef: { apiGroup: GROUP, kind: 'MetalMachineTemplate', name: 'md-1' },
  };
}

function ownerMetadata(name: string): JsonObject {
  return { namespace, name, uid: `${name}-uid` };
}

const SAME = { to: { image: 'a' }, from: { image: 'a' } };
const workerTemplates: Templates = {
  infrastructure: SAME,
  bootstrap: { to: { joinConfiguration: {} }, from: { joinConfiguration: {} } },
};

/** At FROM, up to date with what its owner asked for before. */
export function machineOf(kind: OwnerKind, name: string, ...edits: Edit[]): MachineSituation {
  const isControlPlane = kind === 'KubeadmControlPlane';
  const labels: JsonObject = isControlPlane
    ? { [CONTROL_PLANE_LABEL]: '' }
    : { [DEPLOYMENT_NAME_LABEL]: 'edge-md', [SET_NAME_LABEL]: 'edge-md-1' };
  const template = isControlPlane ? 'cp-1' : 'md-1';
  const metadata = (owned: JsonObject): JsonObject => ({ namespace, name, uid: `${name}-uid`, ...owned });
  const init = without(kubeadmConfigSpec, 'joinConfiguration');
  const templates: Templates = isControlPlane ? { infrastructure: SAME } : workerTemplates;
  const made = {
    machine: {
      apiVersion: 'cluster.x-k8s.io/v1beta2',
      kind: 'Machine',
      metadata: metadata({
        labels: { [CLUSTER_NAME_LABEL]: 'edge', ...labels },
        ownerReferences: [{ controller: true, uid: isControlPlane ? 'edge-cp-uid' : 'edge-md-1-uid' }],
      }),
      spec: {
        clusterName: 'edge',
        version: FROM,
        bootstrap: { configRef: { apiGroup: 'bootstrap.cluster.x-k8s.io', kind: 'KubeadmConfig', name } },
        infrastructureRef: { apiGroup: GROUP, kind: 'MetalMachine', name },
      },
      status: { nodeRef: { name }, nodeInfo: { kubeletVersion: FROM } },
    },
    bootstrapConfig: {
      apiVersion: 'bootstrap.cluster.x-k8s.io/v1beta2',
      kind: 'KubeadmConfig',
      metadata: metadata(
        isControlPlane
          ? {}
          : { annotations: clonedFrom('KubeadmConfigTemplate.bootstrap.cluster.x-k8s.io', template) },
      ),
      spec: isControlPlane
        ? init
        : { joinConfiguration: { discovery: { bootstrapToken: { token: 'secret' } } } },
    },
    infrastructureMachine: {
      apiVersion: `${GROUP}/v1beta1`,
      kind: 'MetalMachine',
      metadata: metadata({ annotations: clonedFrom(`MetalMachineTemplate.${GROUP}`, template) }),
      spec: { image: 'a', providerID: `metal://${name}` },
    },
  };
  return { ...(edited(made, ...edits) as unknown as MachineSituation), templates };
}

function clonedFrom(kind: string, name: string): JsonObject {
  return { [CLONED_FROM_NAME_ANNOTATION]: name, [CLONED_FROM_KIND_ANNOTATION]: kind };
}

export type Changed = Partial<ExternalSituation> & { templates?: Partial<Templates> };

function using(templates: Partial<Templates> = {}) {
  return (now: MachineSituation): MachineSituation => ({
    ...now,
    templates: { ...now.templates, ...templates },
  });
}

/** A control plane of one that was told to go from FROM to TO. */
export function controlPlaneSituation({ templates, ...changed }: Changed = {}): ExternalSituation {
  const owner = changed.owner ?? controlPlane();
  return {
    ask: askOf(owner),
    cluster,
    owner,
    machines: [machineOf('KubeadmControlPlane', 'cp-a')].map(using(templates)),
    machineSets: [],
    facts: { admission: 'open' },
    mustRun: false,
    ...changed,
  };
}

/** Two workers that were told to go from FROM to TO, under a control plane that is at TO. */
export function workerSituation({ templates, ...changed }: Changed = {}): ExternalSituation {
  const owner = changed.owner ?? machineDeployment();
  return {
    ask: askOf(owner),
    cluster,
    owner,
    machines: ['md-a', 'md-b'].map((name) => machineOf('MachineDeployment', name)).map(using(templates)),
    machineSets: [machineSet(), machineSet('edge-md-0', ['/spec/replicas', 0])],
    facts: { admission: 'open', apiServerVersion: TO },
    mustRun: false,
    ...changed,
  };
}
