// The Clusters of a fleet: as many workers as wanted, all of which may be updated at once.
import { MACHINES } from '../../../src/hook/kubernetes/resources.ts';
import { expectOk } from '../../apiserver/api.ts';
import { eventually } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { API, pathOf } from '../kit/objects.ts';
import type { Site } from '../kit/site.ts';
import { items, type Machine, machineOf } from '../kit/state.ts';

/** More than this makes one in-memory API server slow. */
export const WORKERS_PER_CLUSTER = 25;

/** Workers may be three minors behind their control plane: all upgrades of a run are theirs alone. */
const CONTROL_PLANE_VERSION = 'v1.36.0';

export function fleetClusters(workers: number, version: string): LabCluster[] {
  const count = Math.ceil(workers / WORKERS_PER_CLUSTER);
  return Array.from({ length: count }, (_, index) => {
    const replicas = Math.min(WORKERS_PER_CLUSTER, workers - index * WORKERS_PER_CLUSTER);
    const name = `fleet-${index + 1}`;
    return {
      name,
      controlPlane: { replicas: 1, version: CONTROL_PLANE_VERSION },
      workers: [{ name: `${name}-workers`, replicas, version, maxUnavailable: replicas }],
    };
  });
}

/**
 * Resolves when all workers have a Node and are up to date. One Cluster after the other: Cluster API's own requests time
 * out otherwise, and it then deletes what a Machine needs whose creation it takes for failed. Errors: how far it came.
 */
export async function createClusters(
  site: Site,
  clusters: readonly LabCluster[],
  seconds: number,
): Promise<void> {
  let wanted = 0;
  for (const cluster of clusters) {
    await declareCluster(site, cluster);
    for (const { version, replicas } of cluster.workers ?? []) {
      wanted += replicas;
      const check = async () => {
        const done = (await workersOf(site)).filter((machine) => isUpToDate(machine, version)).length;
        return done === wanted || `${done} of ${wanted}`;
      };
      await eventually(`workers of ${cluster.name} made`, check, seconds);
    }
  }
}

/** As a person does who upgrades all Clusters with one command. */
export async function bumpWorkers(
  site: Site,
  clusters: readonly LabCluster[],
  version: string,
): Promise<void> {
  const patch = { spec: { template: { spec: { version } } } };
  const names = clusters.flatMap(({ workers = [] }) => workers.map(({ name }) => name));
  await Promise.all(
    names.map((name) =>
      expectOk(
        site.api.patch(pathOf(site, { apiVersion: API.cluster, kind: 'MachineDeployment' }, name), patch),
      ),
    ),
  );
}

export async function workersOf(site: Site): Promise<Machine[]> {
  const all = (await items(site, MACHINES.path(site.namespace))).map(machineOf);
  return all.filter(({ role }) => role === 'worker');
}

/** By what CAPI and the Node say. */
export function isUpToDate({ version, kubeletVersion, conditions }: Machine, wanted: string): boolean {
  const isUpdating = conditions['Updating']?.status === 'True';
  return (
    version === wanted &&
    kubeletVersion === wanted &&
    conditions['UpToDate']?.status === 'True' &&
    !isUpdating
  );
}
