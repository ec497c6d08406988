// Cluster API looks at all of a Cluster again. Its flag for that (--sync-period) would change the pace of every story, and
// nothing tells when it has been: here it is an edit that asks for no rollout, and has been when every Machine shows it.
import { eventually } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from './cluster.ts';
import { withControlPlane, withWorkers } from './edits.ts';
import { settled } from './settled.ts';
import type { Site } from './site.ts';
import { machines } from './state.ts';

const RESYNC_SECONDS = 60;

/** `check` holds after each of them. Gives the Cluster as it is declared then. */
export async function throughTwoResyncs(
  site: Site,
  cluster: LabCluster,
  check: () => Promise<void>,
): Promise<LabCluster> {
  const once = await resync(site, cluster);
  await check();
  const twice = await resync(site, once);
  await check();
  return twice;
}

/** Gives the Cluster as it is declared then. */
export async function resync(site: Site, cluster: LabCluster): Promise<LabCluster> {
  const drainSeconds = (cluster.controlPlane.drainSeconds ?? 10) + 1;
  const again = withControlPlane(withWorkers(cluster, { drainSeconds }), { drainSeconds });
  await declareCluster(site, again);
  const check = async () => {
    const behind = (await machines(site, cluster.name)).filter((one) => one.drainSeconds !== drainSeconds);
    return behind.length === 0 || behind.map(({ name }) => name).join(', ');
  };
  await eventually(`Machines of ${cluster.name} show drainSeconds ${drainSeconds}`, check, RESYNC_SECONDS);
  await settled(site, again);
  return again;
}
