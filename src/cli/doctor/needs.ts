// What the accounts of the installation must be allowed; a test holds this against the manifests.
import { WORKFLOW_SERVICE_ACCOUNT } from '../../api/install.ts';
import { SERVER, SERVER_NAMESPACE } from '../../charts/names.ts';

export interface Need {
  account: 'server' | 'steps';
  verb: string;
  group: string;
  resource: string;
}

const CAPI = 'cluster.x-k8s.io';
const ARGO = 'argoproj.io';

/** In all namespaces. */
export const EVERYWHERE: readonly Need[] = [
  ...['clusters', 'machines', 'machinedeployments'].map((resource) =>
    need('server', 'watch', CAPI, resource),
  ),
  need('server', 'watch', ARGO, 'workflows'),
  need('server', 'create', '', 'events'),
];

/** In each namespace with Clusters that opted in. */
export const IN_NAMESPACE: readonly Need[] = [
  need('server', 'patch', CAPI, 'machines'),
  need('server', 'create', ARGO, 'workflows'),
  need('server', 'create', '', 'configmaps'),
  need('steps', 'patch', CAPI, 'machines'),
  need('steps', 'patch', `bootstrap.${CAPI}`, 'kubeadmconfigs'),
  need('steps', 'create', ARGO, 'workflowtaskresults'),
];

/** `system:serviceaccount:...`, as the API server knows it. */
export function userOf({ account }: Need, namespace: string): string {
  return account === 'server'
    ? `system:serviceaccount:${SERVER_NAMESPACE}:${SERVER}`
    : `system:serviceaccount:${namespace}:${WORKFLOW_SERVICE_ACCOUNT}`;
}

function need(account: Need['account'], verb: string, group: string, resource: string): Need {
  return { account, verb, group, resource };
}
