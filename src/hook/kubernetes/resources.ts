/** A kind of object in the API: its collections and objects by path. */
export interface Resource {
  /** Plural, for logs. */
  name: string;
  /** Of all namespaces, of one, or one object. */
  path(namespace?: string, name?: string): string;
}

const CAPI = '/apis/cluster.x-k8s.io/v1beta2';
export const CLUSTERS = resource(CAPI, 'clusters');
export const MACHINES = resource(CAPI, 'machines');
export const MACHINE_DEPLOYMENTS = resource(CAPI, 'machinedeployments');
export const KUBEADM_CONTROL_PLANES = resource(
  '/apis/controlplane.cluster.x-k8s.io/v1beta2',
  'kubeadmcontrolplanes',
);
export const WORKFLOWS = resource('/apis/argoproj.io/v1alpha1', 'workflows');
export const CONFIG_MAPS = resource('/api/v1', 'configmaps');
export const EVENTS = resource('/api/v1', 'events');

/** What our objects name as owner or as what they are about. */
export const CAPI_API_VERSION = 'cluster.x-k8s.io/v1beta2';

function resource(api: string, name: string): Resource {
  return {
    name,
    path(namespace, object) {
      const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
      return `${api}${scope}/${name}${object === undefined ? '' : `/${encodeURIComponent(object)}`}`;
    },
  };
}
