// A management cluster in which all is well, to be changed by a test.
import { IMAGE_MAP_KEY } from '../../../src/api/install.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { POLICY_KEY, SERVER, SERVER_NAMESPACE } from '../../../src/charts/names.ts';
import { NEEDED_APIS } from '../../../src/cli/doctor/check-server.ts';
import type { DoctorFacts } from '../../../src/cli/doctor/facts.ts';
import {
  clusterSample,
  controlPlaneSample,
  deploymentSample,
  machineSample,
} from '../../helpers/operator-objects.ts';

export const NO_SURGE = { rollout: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0 } } } };
export const IMAGE_MAP = `v1.34.3: { kubernetes: v1.34.3, image: "example.com/upgrader@sha256:${'a'.repeat(64)}" }\n`;

export function program(
  namespace: string,
  name: string,
  image: string,
  args: string[] = [],
  more: JsonObject = {},
): JsonObject {
  const container = { image, args };
  return {
    metadata: { namespace, name, labels: { 'app.kubernetes.io/version': '0.1.0' } },
    spec: { replicas: 2, template: { spec: { containers: [container] } } },
    status: { availableReplicas: 2 },
    ...more,
  };
}

export const CORE = program(
  'capi-system',
  'capi-controller-manager',
  'registry.k8s.io/cluster-api/cluster-api-controller:v1.14.0',
  ['--leader-elect', '--feature-gates=ClusterTopology=true,RuntimeSDK=true,InPlaceUpdates=true'],
);
export const KCP = program(
  'capi-kubeadm-control-plane-system',
  'capi-kubeadm-control-plane-controller-manager',
  'registry.k8s.io/cluster-api/kubeadm-control-plane-controller:v1.14.0',
  ['--feature-gates=InPlaceUpdates=true'],
);
export const ARGO = program('argo', 'workflow-controller', 'quay.io/argoproj/workflow-controller:v4.0.2');
export const REFIT = program(SERVER_NAMESPACE, SERVER, `example.com/refit@sha256:${'a'.repeat(64)}`);

export function extensionConfig(more: JsonObject = {}): JsonObject {
  const handler = (name: string, hook: string) => ({ name, requestHook: { hook }, failurePolicy: 'Fail' });
  return {
    metadata: { name: 'capi-refit' },
    spec: { clientConfig: { service: { name: SERVER, namespace: SERVER_NAMESPACE }, caBundle: 'LS0t' } },
    status: {
      conditions: [{ type: 'Discovered', status: 'True' }],
      handlers: [
        handler('can-update-machine.capi-refit', 'CanUpdateMachine'),
        handler('can-update-machineset.capi-refit', 'CanUpdateMachineSet'),
        handler('update-machine.capi-refit', 'UpdateMachine'),
      ],
    },
    ...more,
  };
}

export function imageMap(text = IMAGE_MAP): JsonObject {
  return { metadata: { name: 'refit-image-map' }, data: { [IMAGE_MAP_KEY]: text } };
}

export function policy(text: string): JsonObject {
  return { metadata: { name: 'refit-policy' }, data: { [POLICY_KEY]: text } };
}

export function facts(changed: Partial<DoctorFacts> = {}): DoctorFacts {
  const schema = { openAPIV3Schema: { properties: { spec: { properties: { templates: {} } } } } };
  return {
    version: '0.1.0',
    now: new Date('2026-01-01T12:00:00Z'),
    served: new Set(Object.keys(NEEDED_APIS)),
    deployments: { found: [CORE, KCP, ARGO, REFIT] },
    extensionConfigs: { found: [extensionConfig()] },
    certificate: {
      found: {
        status: { conditions: [{ type: 'Ready', status: 'True' }], notAfter: '2026-03-01T00:00:00Z' },
      },
    },
    workflowDefinition: { found: { spec: { versions: [{ schema }] } } },
    argoConfig: { found: undefined },
    stepTemplates: { found: ['refit-steps-0-1-0'] },
    webhook: { found: { webhooks: [{ clientConfig: { caBundle: 'LS0t' }, failurePolicy: 'Fail' }] } },
    policy: { found: policy('drain: never\n') },
    imageMap: { found: imageMap() },
    missing: { found: [] },
    clusters: { found: [clusterSample()] },
    machines: { found: [machineSample('cp-1'), machineSample('md-1', { worker: true, kubelet: 'v1.32.1' })] },
    controlPlanes: { found: [controlPlaneSample('v1.34.3', NO_SURGE)] },
    machineDeployments: { found: [deploymentSample('v1.34.3', NO_SURGE)] },
    namespaces: [
      { name: 'lab', serviceAccount: { found: {} }, imageMap: { found: imageMap() }, missing: { found: [] } },
    ],
    ...changed,
  };
}
