// Objects that the API parts of steps read and write, by their path.
const CAPI = '/apis/cluster.x-k8s.io/v1beta2';
const BOOTSTRAP = '/apis/bootstrap.cluster.x-k8s.io/v1beta2';

// Management cluster.
export const machinePath = (namespace: string, name: string): string =>
  object(CAPI, namespace, 'machines', name);
export const kubeadmConfigPath = (namespace: string, name: string): string =>
  object(BOOTSTRAP, namespace, 'kubeadmconfigs', name);

// Workload cluster.
export const VERSION = '/version';
export const NODES = '/api/v1/nodes';
export const PODS = '/api/v1/pods';
export const VOLUME_ATTACHMENTS = '/apis/storage.k8s.io/v1/volumeattachments';
export const nodePath = (name: string): string => `${NODES}/${encodeURIComponent(name)}`;
export const namespacePath = (name: string): string => `/api/v1/namespaces/${encodeURIComponent(name)}`;
export const podPath = (namespace: string, name: string): string =>
  object('/api/v1', namespace, 'pods', name);
export const podsPath = (namespace: string): string => `${namespacePath(namespace)}/pods`;
export const serviceAccountPath = (namespace: string, name: string): string =>
  object('/api/v1', namespace, 'serviceaccounts', name);
export const claimPath = (namespace: string, name: string): string =>
  object('/api/v1', namespace, 'persistentvolumeclaims', name);
export const disruptionBudgetsPath = (namespace: string): string =>
  `/apis/policy/v1/namespaces/${encodeURIComponent(namespace)}/poddisruptionbudgets`;
export const nodeLeasePath = (node: string): string =>
  object('/apis/coordination.k8s.io/v1', 'kube-node-lease', 'leases', node);
export const volumeAttachmentPath = (name: string): string =>
  `${VOLUME_ATTACHMENTS}/${encodeURIComponent(name)}`;

function object(api: string, namespace: string, plural: string, name: string): string {
  return `${api}/namespaces/${encodeURIComponent(namespace)}/${plural}/${encodeURIComponent(name)}`;
}
