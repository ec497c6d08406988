// A Machine of a small cluster, as the tests of the launcher need it: objects, flags, what the node says.
import type { JsonObject } from '../../../src/api/json.ts';
import { operationName } from '../../../src/api/names.ts';
import type { NodeInput } from '../../../src/api/node-input.ts';
import type { StepReport } from '../../../src/api/step-result.ts';
import type { StepFlags } from '../../../src/steps/api/api-step.ts';

export const UID = 'beff6ebe-647d-4622-9760-134cee4112dd';
export const OPERATION = operationName({ name: 'cp-1', uid: UID }, 3);
export const SECRET_TEXT = 'kind: Policy # hunter2';
export const IMAGE = `registry.example.com/refit/upgrader@sha256:${'a'.repeat(64)}`;
export const IMAGE_MAP = `
v1.34.3: {kubernetes: v1.34.3, image: "${IMAGE}"}
v1.33.7: {kubernetes: v1.33.7, image: "registry.example.com/refit/upgrader@sha256:${'b'.repeat(64)}"}
`;

export function sampleFlags(changes: Partial<StepFlags> = {}): StepFlags {
  return {
    namespace: 'lab',
    workflow: OPERATION,
    workflowStatus: undefined,
    cluster: 'refit',
    machine: 'cp-1',
    operation: 3,
    hash: '',
    kubernetesVersion: '',
    release: '',
    steps: [],
    planSha256: '',
    behind: [],
    drain: 'auto',
    needed: 'true',
    drainForce: false,
    untestedHosts: 'refuse',
    controlPlaneMethod: 'kubeadm',
    dataLoss: 'refuse',
    keepBackups: 2,
    timeoutSeconds: 600,
    ...changes,
  };
}

export function sampleMachine(): JsonObject {
  return {
    apiVersion: 'cluster.x-k8s.io/v1beta2',
    kind: 'Machine',
    metadata: {
      name: 'cp-1',
      namespace: 'lab',
      uid: UID,
      labels: { 'cluster.x-k8s.io/control-plane': '', 'cluster.x-k8s.io/cluster-name': 'refit' },
    },
    spec: {
      clusterName: 'refit',
      version: 'v1.34.3',
      providerID: 'metal://cp-1',
      bootstrap: {
        configRef: { apiGroup: 'bootstrap.cluster.x-k8s.io', kind: 'KubeadmConfig', name: 'cp-1-config' },
      },
    },
    status: { nodeRef: { name: 'node-1' } },
  };
}

export function sampleNode(): JsonObject {
  return {
    metadata: { name: 'node-1', uid: 'node-uid', annotations: { 'cluster.x-k8s.io/machine': 'cp-1' } },
    spec: { providerID: 'metal://cp-1' },
    status: { nodeInfo: { machineID: '0123456789abcdef0123456789abcdef' } },
  };
}

export function sampleConfig(files: JsonObject[] = []): JsonObject {
  return {
    apiVersion: 'bootstrap.cluster.x-k8s.io/v1beta2',
    kind: 'KubeadmConfig',
    metadata: { name: 'cp-1-config', namespace: 'lab' },
    spec: {
      clusterConfiguration: { apiServer: { certSANs: ['api.example.com'] } },
      files: [
        { path: '/etc/sysctl.d/99-refit.conf', permissions: '0644', content: 'vm.max_map_count = 262144\n' },
        {
          path: '/etc/kubernetes/audit-policy.yaml',
          owner: 'root:root',
          permissions: '0600',
          contentFrom: { secret: { name: 'audit-policy', key: 'policy.yaml' } },
        },
        ...files,
      ],
      joinConfiguration: {
        controlPlane: {},
        patches: { directory: '/etc/kubernetes/patches' },
        nodeRegistration: {
          ignorePreflightErrors: ['Swap'],
          kubeletExtraArgs: [{ name: 'max-pods', value: '200' }],
        },
      },
    },
  };
}

export function sampleSecret(): JsonObject {
  return {
    metadata: { name: 'audit-policy', namespace: 'lab' },
    data: { 'policy.yaml': Buffer.from(SECRET_TEXT).toString('base64') },
  };
}

export function sampleReport(changes: Partial<StepReport['result']> = {}, outputs = {}): StepReport {
  return {
    result: {
      version: 1,
      step: 'kubeadm',
      operation: OPERATION,
      outcome: 'changed',
      message: 'kubeadm upgraded the node',
      startedAt: '2026-01-01T00:00:00.000Z',
      durationSeconds: 12.5,
      changes: [{ what: '/usr/bin/kubeadm', from: 'v1.33.7', to: 'v1.34.3' }],
      ...changes,
    },
    outputs,
  };
}

export function sampleInput(changes: Partial<NodeInput> = {}): NodeInput {
  return {
    version: 1,
    step: 'kubeadm',
    timeoutSeconds: 1800,
    plan: {
      version: 1,
      operation: OPERATION,
      hash: 'v1-0123456789abcdef',
      machine: { namespace: 'lab', name: 'cp-1', uid: UID },
      cluster: 'refit',
      node: { name: 'node-1', uid: 'node-uid', machineID: '0123456789abcdef0123456789abcdef' },
      role: 'control-plane',
      kubernetes: 'v1.34.3',
      release: 'v1.34.3',
      desiredSha256: 'c'.repeat(64),
      policy: { untestedHosts: 'refuse', keepBackups: 2 },
      steps: [
        { name: 'containerd', timeoutSeconds: 300 },
        { name: 'kubeadm', timeoutSeconds: 1800 },
        { name: 'kubelet', timeoutSeconds: 600 },
      ],
    },
    planSha256: '',
    desired: {
      version: 1,
      files: [
        {
          path: '/etc/kubernetes/audit-policy.yaml',
          owner: 'root:root',
          permissions: '0600',
          content: Buffer.from(SECRET_TEXT).toString('base64'),
        },
      ],
      kubeletExtraArgs: [],
      ignorePreflightErrors: [],
      certSANs: [],
    },
    ...changes,
  };
}
