// Who may do what in the management cluster. Nobody gets a wildcard; the server gets no Secrets at all.
import { k8s } from 'cdk8s-plus-28';
import type { Construct } from 'constructs';
import { WORKFLOW_SERVICE_ACCOUNT } from '../api/install.ts';
import { DESCRIPTION_ANNOTATION } from '../api/labels.ts';
import { SERVER, SERVER_NAMESPACE } from './names.ts';
import type { ClusterNamespace, Values } from './values.ts';

const CAPI = 'cluster.x-k8s.io';
const READ = ['get', 'list', 'watch'];

/** In all namespaces the server only watches and tells: what it writes is allowed per namespace (below). */
export function serverClusterRole(scope: Construct): void {
  new k8s.KubeClusterRole(scope, 'server-cluster-role', {
    metadata: {
      name: SERVER,
      annotations: {
        [DESCRIPTION_ANNOTATION]:
          'Watches Clusters, Machines, their owners and its Workflows to answer hooks from a cache; Events tell people ' +
          'why. Asks who a token is of, and what its user may do.',
      },
    },
    rules: [
      { apiGroups: [CAPI], resources: ['clusters', 'machines', 'machinedeployments'], verbs: READ },
      { apiGroups: [`controlplane.${CAPI}`], resources: ['kubeadmcontrolplanes'], verbs: READ },
      { apiGroups: ['argoproj.io'], resources: ['workflows'], verbs: READ },
      { apiGroups: [''], resources: ['events'], verbs: ['get', 'create', 'patch'] },
      { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
      { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
    ],
  });
  new k8s.KubeClusterRoleBinding(scope, 'server-cluster-role-binding', {
    metadata: { name: SERVER },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: SERVER },
    subjects: [{ kind: 'ServiceAccount', name: SERVER, namespace: SERVER_NAMESPACE }],
  });
}

export function serverRole(
  scope: Construct,
  { name: namespace }: ClusterNamespace,
  { infrastructureMachines }: Values,
): void {
  role(scope, {
    namespace,
    name: SERVER,
    description:
      'The operation record on Machines, one Workflow per operation, the ConfigMap that limits workers at once. ' +
      'Reads what an owner and its Machines are made of to decide on external upgrades. ' +
      'A Workflow can mount the kubeconfig of a Cluster, so this is root on the nodes of this namespace.',
    subject: { kind: 'ServiceAccount', name: SERVER, namespace: SERVER_NAMESPACE },
    rules: [
      { apiGroups: [CAPI], resources: ['machines'], verbs: ['patch'] },
      // Record and pause of owners that are upgraded externally; MachineSets are released with them.
      { apiGroups: [CAPI], resources: ['machinedeployments'], verbs: ['patch'] },
      { apiGroups: [CAPI], resources: ['machinesets'], verbs: ['get', 'list', 'patch'] },
      { apiGroups: [`controlplane.${CAPI}`], resources: ['kubeadmcontrolplanes'], verbs: ['patch'] },
      // They hold what files of nodes hold: in no other namespace.
      {
        apiGroups: [`bootstrap.${CAPI}`],
        resources: ['kubeadmconfigs', 'kubeadmconfigtemplates'],
        verbs: ['get'],
      },
      ...infrastructure(infrastructureMachines, ['get']),
      { apiGroups: ['argoproj.io'], resources: ['workflows'], verbs: ['create', 'patch'] },
      // One per Cluster, named after it: RBAC cannot name them beforehand.
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create', 'patch'] },
    ],
  });
}

export function workflowRole(
  scope: Construct,
  { name: namespace, contentSecrets }: ClusterNamespace,
  { infrastructureMachines }: Values,
): void {
  role(scope, {
    namespace,
    name: WORKFLOW_SERVICE_ACCOUNT,
    description:
      'Step pods: protection and result on the Machine, the certificate date on its KubeadmConfig, Events, ' +
      "Argo's own results, and the named Secrets that files of nodes come from. In an external upgrade also what the " +
      'controllers of owners would write: their Machines with the objects of these, MachineSets, and the end of it. ' +
      'The kubeconfig is mounted and needs no permission.',
    subject: { kind: 'ServiceAccount', name: WORKFLOW_SERVICE_ACCOUNT, namespace },
    rules: [
      { apiGroups: [CAPI], resources: ['machines', 'machinesets'], verbs: ['get', 'list', 'patch'] },
      { apiGroups: [CAPI], resources: ['machinedeployments'], verbs: ['get', 'patch'] },
      { apiGroups: [`controlplane.${CAPI}`], resources: ['kubeadmcontrolplanes'], verbs: ['get', 'patch'] },
      { apiGroups: [`bootstrap.${CAPI}`], resources: ['kubeadmconfigs'], verbs: ['get', 'patch'] },
      { apiGroups: [`bootstrap.${CAPI}`], resources: ['kubeadmconfigtemplates'], verbs: ['get'] },
      ...infrastructure(infrastructureMachines, ['get', 'patch']),
      { apiGroups: [''], resources: ['events'], verbs: ['create'] },
      // Why steps failed: the end of an external upgrade says so.
      { apiGroups: ['argoproj.io'], resources: ['workflows'], verbs: ['get'] },
      { apiGroups: ['argoproj.io'], resources: ['workflowtaskresults'], verbs: ['create', 'patch'] },
      // Without names this rule would give away every Secret: no names, no rule.
      ...(contentSecrets.length === 0
        ? []
        : [{ apiGroups: [''], resources: ['secrets'], resourceNames: [...contentSecrets], verbs: ['get'] }]),
    ],
  });
}

/** Templates are only read. */
function infrastructure(machines: readonly string[], verbs: string[]): k8s.PolicyRule[] {
  if (machines.length === 0) return [];
  const apiGroups = [`infrastructure.${CAPI}`];
  const templates = machines.map((plural) => plural.replace(/s$/, 'templates'));
  return [
    { apiGroups, resources: [...machines], verbs },
    { apiGroups, resources: templates, verbs: ['get'] },
  ];
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
