// Who may do what in the management cluster. Nobody gets a wildcard; the server gets no Secrets at all.
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { WORKFLOW_SERVICE_ACCOUNT } from '../api/install.ts';
import { DESCRIPTION_ANNOTATION } from '../api/labels.ts';
import { SERVER, SERVER_NAMESPACE } from './names.ts';
import type { ClusterNamespace } from './values.ts';

const CAPI = 'cluster.x-k8s.io';
const READ = ['get', 'list', 'watch'];

/** In all namespaces the server only watches and tells: what it writes is allowed per namespace (below). */
export function serverClusterRole(scope: Construct): void {
  new k8s.KubeClusterRole(scope, 'server-cluster-role', {
    metadata: {
      name: SERVER,
      annotations: {
        [DESCRIPTION_ANNOTATION]:
          'Watches Clusters, Machines and its Workflows to answer hooks from a cache; Events tell people why.',
      },
    },
    rules: [
      { apiGroups: [CAPI], resources: ['clusters', 'machines', 'machinedeployments'], verbs: READ },
      { apiGroups: ['argoproj.io'], resources: ['workflows'], verbs: READ },
      { apiGroups: [''], resources: ['events'], verbs: ['get', 'create', 'patch'] },
    ],
  });
  new k8s.KubeClusterRoleBinding(scope, 'server-cluster-role-binding', {
    metadata: { name: SERVER },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: SERVER },
    subjects: [{ kind: 'ServiceAccount', name: SERVER, namespace: SERVER_NAMESPACE }],
  });
}

export function serverRole(scope: Construct, { name: namespace }: ClusterNamespace): void {
  role(scope, {
    namespace,
    name: SERVER,
    description:
      'The operation record on Machines, one Workflow per operation, the ConfigMap that limits workers at once. ' +
      'A Workflow can mount the kubeconfig of a Cluster, so this is root on the nodes of this namespace.',
    subject: { kind: 'ServiceAccount', name: SERVER, namespace: SERVER_NAMESPACE },
    rules: [
      { apiGroups: [CAPI], resources: ['machines'], verbs: ['patch'] },
      { apiGroups: ['argoproj.io'], resources: ['workflows'], verbs: ['create', 'patch'] },
      // One per Cluster, named after it: RBAC cannot name them beforehand.
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'patch'] },
    ],
  });
}

export function workflowRole(scope: Construct, { name: namespace, contentSecrets }: ClusterNamespace): void {
  role(scope, {
    namespace,
    name: WORKFLOW_SERVICE_ACCOUNT,
    description:
      'Step pods: protection and result on the Machine, the certificate date on its KubeadmConfig, Events, ' +
      "Argo's own results, and the named Secrets that files of nodes come from. " +
      'The kubeconfig is mounted and needs no permission.',
    subject: { kind: 'ServiceAccount', name: WORKFLOW_SERVICE_ACCOUNT, namespace },
    rules: [
      { apiGroups: [CAPI], resources: ['machines'], verbs: ['get', 'patch'] },
      { apiGroups: [`bootstrap.${CAPI}`], resources: ['kubeadmconfigs'], verbs: ['get', 'patch'] },
      { apiGroups: [''], resources: ['events'], verbs: ['create'] },
      { apiGroups: ['argoproj.io'], resources: ['workflowtaskresults'], verbs: ['create', 'patch'] },
      // Without names this rule would give away every Secret: no names, no rule.
      ...(contentSecrets.length === 0
        ? []
        : [{ apiGroups: [''], resources: ['secrets'], resourceNames: [...contentSecrets], verbs: ['get'] }]),
    ],
  });
}

interface RoleInput {
  namespace: string;
  name: string;
  description: string;
  subject: k8s.Subject;
  rules: k8s.PolicyRule[];
}

function role(scope: Construct, { namespace, name, description, subject, rules }: RoleInput): void {
  new k8s.KubeRole(scope, `role-${name}`, {
    metadata: { name, namespace, annotations: { [DESCRIPTION_ANNOTATION]: description } },
    rules,
  });
  new k8s.KubeRoleBinding(scope, `role-binding-${name}`, {
    metadata: { name, namespace },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [subject],
  });
}
