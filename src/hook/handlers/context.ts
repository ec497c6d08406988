import type { Clock } from '../../api/clock.ts';
import { decodeCluster } from '../../api/decode.ts';
import type { HookName } from '../../api/hooks.ts';
import { StatusError } from '../../api/errors.ts';
import { CONTROL_PLANE_LABEL, STRATEGY_IN_PLACE, STRATEGY_LABEL } from '../../api/labels.ts';
import type { Policy } from '../../api/policy.ts';
import type { Facts } from '../../plan/types.ts';
import { oldest } from '../../api/version.ts';
import type { Announce } from '../announce.ts';
import type { Metrics } from '../metrics.ts';
import type { Operations } from '../operations.ts';
import type { PolicyOf } from '../policies.ts';
import type { ClusterView, Store } from '../store.ts';

/** What every handler works with. */
export interface Context {
  store: Store;
  clock: Clock;
  metrics: Metrics;
  operations: Operations;
  announce: Announce;
  policy: PolicyOf;
  /** Told when CAPI may move Machines of a MachineDeployment. */
  accepted?: (namespace: string, deployment: string) => void;
  /** Monotonic seconds at which an edit of a MachineDeployment was let pass, which the caches may not show yet. */
  editedAt?: (namespace: string, deployment: string) => number | undefined;
}

/**
 * The Cluster of a request. Errors: Unavailable while the caches do not show it, since "no" would let CAPI
 * replace a machine that must stay.
 */
export function clusterOf({ store }: Context, body: unknown): ClusterView {
  const { namespace, name } = decodeCluster(body);
  if (!store.ready())
    throw new StatusError('caches are not filled yet, ask again', { reason: 'Unavailable' });
  const cluster = store.cluster(namespace, name);
  if (!cluster) {
    throw new StatusError(`Cluster ${namespace}/${name}: not seen yet, ask again`, { reason: 'Unavailable' });
  }
  return cluster;
}

/** Of an opted-in Cluster. Errors: BadInput for a bad override; CAPI shows it to nobody, so the Cluster says it too. */
export function policyFor({ policy, announce }: Context, cluster: ClusterView): Policy {
  try {
    return policy(cluster);
  } catch (error) {
    if (error instanceof StatusError)
      announce({ ...cluster, kind: 'Cluster' }, 'Warning', 'PolicyInvalid', error.message);
    throw error;
  }
}

/** Only of Clusters that are there: names of requests are anybody's. */
export function countRefusal({ store, metrics }: Context, hook: HookName, body: unknown): void {
  let named: ReturnType<typeof decodeCluster>;
  try {
    named = decodeCluster(body);
  } catch {
    return;
  }
  const { namespace, name } = named;
  if (store.cluster(namespace, name)) metrics.refusals.inc({ namespace, cluster: name, hook });
}

export function isOptedIn(cluster: ClusterView): boolean {
  return cluster.labels[STRATEGY_LABEL] === STRATEGY_IN_PLACE;
}

/** The oldest version among the Cluster's control-plane nodes; nothing when they report none. */
export function clusterFacts({ store }: Pick<Context, 'store'>, cluster: ClusterView): Facts {
  const versions: string[] = [];
  for (const machine of store.machines()) {
    const isOurs = machine.namespace === cluster.namespace && machine.cluster === cluster.name;
    if (isOurs && CONTROL_PLANE_LABEL in machine.labels && machine.kubeletVersion)
      versions.push(machine.kubeletVersion);
  }
  const apiServerVersion = oldest(versions);
  return { admission: 'open', ...(apiServerVersion === undefined ? {} : { apiServerVersion }) };
}
