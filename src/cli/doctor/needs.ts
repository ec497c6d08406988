// What the accounts of the installation must be allowed; a test holds this against the manifests.
import { WORKFLOW_SERVICE_ACCOUNT } from '../../api/install.ts';
import type { JsonObject } from '../../api/json.ts';
import { SERVER, SERVER_NAMESPACE } from '../../charts/names.ts';
import { text } from '../../kubernetes/fields.ts';

export interface Need {
  account: 'server' | 'steps';
  verb: string;
  group: string;
  resource: string;
}

const CAPI = 'cluster.x-k8s.io';
const CONTROL_PLANE = `controlplane.${CAPI}`;
const BOOTSTRAP = `bootstrap.${CAPI}`;
export const INFRASTRUCTURE = `infrastructure.${CAPI}`;
const ARGO = 'argoproj.io';

/** In all namespaces. */
export const EVERYWHERE: readonly Need[] = [
  ...['clusters', 'machines', 'machinedeployments'].map((resource) =>
    need('server', 'watch', CAPI, resource),
  ),
  need('server', 'watch', CONTROL_PLANE, 'kubeadmcontrolplanes'),
  need('server', 'watch', ARGO, 'workflows'),
  need('server', 'create', '', 'events'),
];

/** In each namespace with Clusters that opted in. */
export const IN_NAMESPACE: readonly Need[] = [
  need('server', 'create', ARGO, 'workflows'),
  need('server', 'create', '', 'configmaps'),
  ...['machines', 'machinesets', 'machinedeployments'].flatMap((resource) => [
    need('server', 'patch', CAPI, resource),
    need('steps', 'patch', CAPI, resource),
  ]),
  need('server', 'get', BOOTSTRAP, 'kubeadmconfigs'),
  need('steps', 'patch', BOOTSTRAP, 'kubeadmconfigs'),
  need('server', 'patch', CONTROL_PLANE, 'kubeadmcontrolplanes'),
  need('steps', 'patch', CONTROL_PLANE, 'kubeadmcontrolplanes'),
  need('steps', 'create', ARGO, 'workflowtaskresults'),
];

/** Of the infrastructure of Machines that Refit upgrades in place of Cluster API. */
export function infrastructureNeeds(machines: readonly JsonObject[]): Need[] {
  const kinds = machines
    .filter((machine) => text(machine, 'spec', 'infrastructureRef', 'apiGroup') === INFRASTRUCTURE)
    .map((machine) => text(machine, 'spec', 'infrastructureRef', 'kind') ?? '');
  return [...new Set(kinds)].map((kind) => need('steps', 'patch', INFRASTRUCTURE, `${kind.toLowerCase()}s`));
}

/** `system:serviceaccount:...`, as the API server knows it. */
export function userOf({ account }: Need, namespace: string): string {
  return account === 'server'
    ? `system:serviceaccount:${SERVER_NAMESPACE}:${SERVER}`
    : `system:serviceaccount:${namespace}:${WORKFLOW_SERVICE_ACCOUNT}`;
}

function need(account: Need['account'], verb: string, group: string, resource: string): Need {
  return { account, verb, group, resource };
}
