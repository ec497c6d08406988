// A cluster of real nodes, as any process sees it: all that is needed is in its folder and in /proc.
import type { Running } from '../../host/nspawn.ts';
import { clusterLayout, readDescription, type Role } from './folder.ts';
import { nodeOf } from './node.ts';
import { removeCluster } from './remove.ts';

export interface E2eCluster {
  folder: string;
  /** Of an administrator. */
  kubeconfigPath: string;
  clusterName: string;
  /** Of Cluster API's objects. */
  namespace: string;
  /** Control plane first. */
  nodes: E2eNode[];
  /** Nothing is left of it. */
  removeAll(): Promise<void>;
}

export interface E2eNode {
  /** Of Node and Machine. */
  name: string;
  role: Role;
  /** Reachable from this machine. */
  address: string;
  /** Its file tree, seen from outside. */
  root: string;
  /** Runs in the node as root and waits. */
  run(argv: readonly string[], stdin?: string): { code: number; stdout: string; stderr: string };
  /** Runs in the node and does not wait. */
  start(argv: readonly string[], stdin?: string): Running;
  /** Power off without warning, and boot again; resolves when its services run. */
  reset(): Promise<void>;
}

/** Errors: there is none in that folder. */
export function connectCluster(folder: string): E2eCluster {
  const layout = clusterLayout(folder);
  const description = readDescription(layout);
  if (!description) throw new Error(`no cluster in ${layout.root}: start one with npm run e2e:up`);
  return {
    folder: layout.root,
    kubeconfigPath: layout.kubeconfig,
    clusterName: description.clusterName,
    namespace: description.namespace,
    nodes: description.nodes.map((node) => nodeOf(layout, description, node)),
    removeAll: async () => void (await removeCluster(folder)),
  };
}
