// The configuration that kubeadm renders manifests by: that of the cluster, and what this node says of itself. Pure.
import { parse, stringify } from 'yaml';
import { StatusError } from '../../../api/errors.ts';
import { isObject, type JsonObject } from '../../../api/json.ts';

export interface InitConfiguration {
  /** ClusterConfiguration of kubeadm-config, YAML. */
  clusterConfiguration: string;
  /** To render for. */
  kubernetes: string;
  nodeName: string;
  /** Of the API server of this node, from its manifest. */
  advertiseAddress: string;
  bindPort: number;
  criSocket: string;
  patchesDirectory: string | undefined;
}

/** Errors: StatusError Failed; never what is in it. */
export function initConfiguration(given: InitConfiguration): string {
  const { kubernetes, nodeName, advertiseAddress, bindPort, criSocket, patchesDirectory } = given;
  const cluster = parseCluster(given.clusterConfiguration);
  const init = {
    apiVersion: cluster['apiVersion'],
    kind: 'InitConfiguration',
    localAPIEndpoint: { advertiseAddress, bindPort },
    // Without a socket kubeadm looks for one, and stops at several.
    nodeRegistration: { name: nodeName, criSocket },
    ...(patchesDirectory === undefined ? {} : { patches: { directory: patchesDirectory } }),
  };
  return [init, { ...cluster, kubernetesVersion: kubernetes }]
    .map((document) => stringify(document))
    .join('---\n');
}

export function parseCluster(clusterConfiguration: string): JsonObject {
  const parsed = parsedYaml(clusterConfiguration);
  if (isObject(parsed) && typeof parsed['apiVersion'] === 'string') return parsed;
  throw new StatusError(
    'kubeadm-config: ClusterConfiguration: got something else, expected a mapping with apiVersion',
    { reason: 'Failed' },
  );
}

function parsedYaml(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}
