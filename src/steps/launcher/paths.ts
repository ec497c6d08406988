// Objects that the launcher reads and writes besides those in ../api/paths.ts.
import { NODE_NAMESPACE } from '../../api/install.ts';
import { podPath, podsPath } from '../api/paths.ts';

export const secretPath = (namespace: string, name: string): string =>
  inNamespace('/api/v1', namespace, 'secrets', name);
export const configMapPath = (namespace: string, name: string): string =>
  inNamespace('/api/v1', namespace, 'configmaps', name);

// All of these in the namespace of the node Jobs.
export const jobPath = (name?: string): string => inNamespace('/apis/batch/v1', NODE_NAMESPACE, 'jobs', name);
export const inputSecretPath = (name?: string): string =>
  inNamespace('/api/v1', NODE_NAMESPACE, 'secrets', name);
export const leasePath = (name?: string): string =>
  inNamespace('/apis/coordination.k8s.io/v1', NODE_NAMESPACE, 'leases', name);
export const JOB_EVENTS = inNamespace('/api/v1', NODE_NAMESPACE, 'events');
export const JOB_PODS = podsPath(NODE_NAMESPACE);
export const logPath = (pod: string): string => `${podPath(NODE_NAMESPACE, pod)}/log`;

function inNamespace(api: string, namespace: string, plural: string, name?: string): string {
  const collection = `${api}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
  return name === undefined ? collection : `${collection}/${encodeURIComponent(name)}`;
}
