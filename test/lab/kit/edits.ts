// A declared Cluster, changed: what a person edits.
import type { ControlPlane, LabCluster, Workers } from './cluster.ts';

export function withControlPlane(cluster: LabCluster, change: Partial<ControlPlane>): LabCluster {
  return { ...cluster, controlPlane: { ...cluster.controlPlane, ...change } };
}

/** All its MachineDeployments. */
export function withWorkers(cluster: LabCluster, change: Partial<Workers>): LabCluster {
  return { ...cluster, workers: (cluster.workers ?? []).map((workers) => ({ ...workers, ...change })) };
}

/** One of its MachineDeployments. */
export function withDeployment(cluster: LabCluster, name: string, change: Partial<Workers>): LabCluster {
  const changed = (workers: Workers) => (workers.name === name ? { ...workers, ...change } : workers);
  return { ...cluster, workers: (cluster.workers ?? []).map(changed) };
}

export function withVersion(cluster: LabCluster, version: string): LabCluster {
  return withControlPlane(withWorkers(cluster, { version }), { version });
}
