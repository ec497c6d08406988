// When a Cluster is as it was declared, by what CAPI says of it.
import { eventually } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from './cluster.ts';
import { type Owner, owners } from './owners.ts';
import { type Site, takeSite } from './site.ts';
import { situation, unfinished } from './situation.ts';
import { type Machine, machines } from './state.ts';

const DEADLINE_SECONDS = 300;
/** Annotation of CAPI's on a Machine: it is being updated, or is about to be. */
export const UPDATE_IN_PROGRESS = 'in-place-updates.internal.cluster.x-k8s.io/update-in-progress';

/** A namespace with these Clusters, settled. */
export async function siteWith(story: string, ...clusters: readonly LabCluster[]): Promise<Site> {
  const site = await takeSite(story);
  try {
    await Promise.all(clusters.map((cluster) => declareCluster(site, cluster)));
    await Promise.all(clusters.map((cluster) => settled(site, cluster)));
    return site;
  } catch (error) {
    await site.leave();
    throw error;
  }
}

/**
 * Waits until the control plane and MachineDeployments of a declared Cluster have all their Machines up to date and
 * available, none is being updated or deleted, and their Workflows have ended. Errors: what was not so, and what is known about it.
 */
export async function settled(site: Site, cluster: LabCluster, seconds = DEADLINE_SECONDS): Promise<void> {
  const check = async () => {
    const present = await machines(site, cluster.name);
    const missing = [
      ...unsettled(cluster, await owners(site, cluster.name), present),
      ...(await unfinished(site, present)).map(({ name, phase }) => `Workflow ${name} is ${phase}`),
    ];
    return missing.length === 0 || missing.join('; ');
  };
  try {
    await eventually(`Cluster ${site.namespace}/${cluster.name} settled`, check, seconds);
  } catch (error) {
    const known = await situation(site, cluster.name);
    throw new Error([error instanceof Error ? error.message : String(error), ...known].join('\n'), {
      cause: error,
    });
  }
}

/** What is not so yet; nothing when it is settled. */
function unsettled(cluster: LabCluster, found: readonly Owner[], present: readonly Machine[]): string[] {
  const { controlPlane, workers = [] } = cluster;
  const replicas = [controlPlane, ...workers].reduce((sum, part) => sum + part.replicas, 0);
  const counts = [
    ...differs('owners of Machines', found.length, 1 + workers.length),
    ...differs('Machines', present.length, replicas),
  ];
  return [
    ...counts,
    ...found.flatMap(unsettledOwner),
    ...present.flatMap((one) => unsettledMachine(cluster, one)),
  ];
}

function unsettledOwner({ kind, name, isObserved, replicas, status, leftBehind }: Owner): string[] {
  const where = `${kind} ${name}`;
  return [
    ...(isObserved ? [] : [`${where}: its generation is not observed`]),
    ...Object.entries(status).flatMap(([count, value]) => differs(`${where} ${count}`, value, replicas)),
    ...differs(`${where}: Machines of its older MachineSets`, leftBehind, 0),
  ];
}

function unsettledMachine({ controlPlane, workers = [] }: LabCluster, machine: Machine): string[] {
  const where = `Machine ${machine.name}`;
  const parts = machine.role === 'control-plane' ? [controlPlane] : workers;
  const isWanted = parts.some(({ version }) => version === machine.version);
  return [
    ...(machine.deleting ? [`${where} is being deleted`] : []),
    ...(UPDATE_IN_PROGRESS in machine.annotations ? [`${where} is being updated`] : []),
    ...(isWanted ? [] : [`${where}: spec.version is ${machine.version}`]),
    ...['Ready', 'Available', 'UpToDate'].flatMap((type) =>
      differs(`${where} ${type}`, machine.conditions[type]?.status, 'True'),
    ),
  ];
}

function differs(what: string, got: unknown, expected: unknown): string[] {
  return got === expected ? [] : [`${what}: got ${String(got)}, expected ${String(expected)}`];
}
