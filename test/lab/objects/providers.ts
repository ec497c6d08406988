// The four providers of Cluster API: where their manifests and sources are, and what turns on what Refit needs.
import path from 'node:path';
import { moduleFolder } from '../../tools/build.ts';

export interface Provider {
  /** Of the process and of the tool. */
  name: 'capi-core' | 'capi-bootstrap' | 'capi-control-plane' | 'capi-infrastructure';
  /** Of the family `capi`; undefined: its main one. */
  module?: string;
  /** Below the module. */
  folder: string;
  featureGates: readonly string[];
  /** It calls hooks: it gets a client certificate for that. */
  callsHooks: boolean;
}

export const PROVIDERS: readonly Provider[] = [
  {
    name: 'capi-core',
    folder: 'core',
    featureGates: ['RuntimeSDK', 'InPlaceUpdates', 'ClusterTopology'],
    callsHooks: true,
  },
  {
    name: 'capi-bootstrap',
    folder: 'bootstrap/kubeadm',
    featureGates: ['ClusterTopology'],
    callsHooks: false,
  },
  {
    name: 'capi-control-plane',
    folder: 'controlplane/kubeadm',
    featureGates: ['InPlaceUpdates', 'ClusterTopology'],
    callsHooks: true,
  },
  {
    name: 'capi-infrastructure',
    module: 'sigs.k8s.io/cluster-api/test',
    folder: 'infrastructure/docker',
    featureGates: ['ClusterTopology'],
    callsHooks: false,
  },
];

/** Its kustomizations, as the project publishes them. */
export async function configFolder({ module, folder }: Provider): Promise<string> {
  return path.join(await moduleFolder('capi', module), folder, 'config');
}
