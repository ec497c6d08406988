// Which policy counts for a Cluster.
import { overridePolicy } from '../api/policy-override.ts';
import type { Policy } from '../api/policy.ts';
import type { ClusterView } from './store.ts';

/** undefined: no Cluster is known, what counts everywhere. Errors: BadInput naming the bad keys of the Cluster's override. */
export type PolicyOf = (cluster: ClusterView | undefined) => Policy;

export function clusterPolicies(base: () => Policy): PolicyOf {
  /** A changed Cluster is another view. */
  const known = new WeakMap<ClusterView, { base: Policy; policy: Policy }>();

  return function policyOf(cluster) {
    const everywhere = base();
    if (cluster?.policyOverride === undefined) return everywhere;
    const last = known.get(cluster);
    if (last?.base === everywhere) return last.policy;
    const policy = overridePolicy(everywhere, cluster.policyOverride, cluster);
    known.set(cluster, { base: everywhere, policy });
    return policy;
  };
}
