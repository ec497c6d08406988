// The cluster of real nodes in which a story is told, and what it reaches it by.
import type { KubeConfig } from '@kubernetes/client-node';
import { type Api, apiOf, kubeConfigOf } from '../../apiserver/api.ts';
import { connectCluster, type E2eCluster, type E2eNode } from '../cluster/connect.ts';

export interface Site {
  cluster: E2eCluster;
  /** Of Cluster API's objects. */
  namespace: string;
  kubeConfig: KubeConfig;
  api: Api;
}

export const FOLDER_VARIABLE = 'REFIT_E2E_FOLDER';

/** Errors: none was started for us. */
export function openSite(): Site {
  const folder = process.env[FOLDER_VARIABLE];
  if (!folder) throw new Error(`${FOLDER_VARIABLE}: got nothing, expected the folder of a running cluster`);
  const cluster = connectCluster(folder);
  const kubeConfig = kubeConfigOf(cluster.kubeconfigPath);
  return { cluster, namespace: cluster.namespace, kubeConfig, api: apiOf(kubeConfig) };
}

/** Errors: there is none of that role. */
export function firstNode({ cluster }: Site, role: E2eNode['role']): E2eNode {
  const node = cluster.nodes.find((one) => one.role === role);
  if (!node) throw new Error(`cluster ${cluster.clusterName}: got no ${role}, expected one`);
  return node;
}

/** Through which the others are reached while this one is disturbed; itself if there is no other. */
export function otherNode({ cluster }: Site, { name }: E2eNode): E2eNode {
  const others = cluster.nodes.filter((one) => one.name !== name);
  return others.find(({ role }) => role === 'control-plane') ?? others[0] ?? (cluster.nodes[0] as E2eNode);
}
