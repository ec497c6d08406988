// A cluster's folder: what describes the cluster, its nodes' file trees, and the secrets to reach it by.
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export type Role = 'control-plane' | 'worker';

/** In front of several API servers. kube-vip: a static pod of the control planes, whose leader has the address. */
export type Balancer = 'none' | 'haproxy' | 'kube-vip';

export interface NodeDescription {
  name: string;
  role: Role;
  address: string;
  /** Counted through the cluster, from 0. */
  index: number;
}

/** Enough to find everything of it again, however it was left. */
export interface ClusterDescription {
  /** In the names of all that is not in the folder. */
  id: string;
  clusterName: string;
  namespace: string;
  /** First three bytes of every address. */
  prefix: string;
  /** host:port of the API. */
  endpoint: string;
  balancer: Balancer;
  nodes: NodeDescription[];
  /** Settings of this machine's kernel before kubelets changed them. */
  kernel: Record<string, string>;
}

export interface ClusterLayout {
  root: string;
  description: string;
  kubeconfig: string;
  /** With these the callers of hooks show who they are. */
  hookClient: string;
  balancer: string;
  node(name: string): NodeLayout;
}

export interface NodeLayout {
  folder: string;
  root: string;
  console: string;
}

export function clusterLayout(folder: string): ClusterLayout {
  const root = path.resolve(folder);
  return {
    root,
    description: path.join(root, 'cluster.json'),
    kubeconfig: path.join(root, 'kubeconfig'),
    hookClient: path.join(root, 'hook-client'),
    balancer: path.join(root, 'balancer'),
    node(name) {
      const own = path.join(root, 'nodes', name);
      return { folder: own, root: path.join(own, 'root'), console: path.join(own, 'console.log') };
    },
  };
}

/** Only this user may look into it. */
export function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o700);
}

export function writeDescription(layout: ClusterLayout, description: ClusterDescription): void {
  makeFolder(layout.root);
  const next = `${layout.description}.next`;
  writeFileSync(next, JSON.stringify(description, undefined, 2), { mode: 0o600 });
  renameSync(next, layout.description);
}

/** Undefined: no cluster was started there. */
export function readDescription({ description }: ClusterLayout): ClusterDescription | undefined {
  try {
    return JSON.parse(readFileSync(description, 'utf8')) as ClusterDescription;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export const DEFAULT_FOLDER = 'out/e2e';
