// Everything that a decision about an owner needs, read now.
import type { Ask } from '../../api/external-owner.ts';
import { askOf } from '../../api/external-owner.ts';
import { knownExternal } from '../../api/external-record.ts';
import { StatusError } from '../../api/errors.ts';
import { texts } from '../../api/fields.ts';
import type { JsonObject } from '../../api/json.ts';
import { CONTROL_PLANE_LABEL } from '../../api/labels.ts';
import { oldest } from '../../api/version.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { ownerPath, type ExternalReads } from '../../kubernetes/external-reads.ts';
import type { ExternalSituation } from '../../plan/external.ts';
import { clusterFacts } from '../handlers/context.ts';
import { CLUSTERS } from '../kubernetes/resources.ts';
import type { ClusterView, Store } from '../store.ts';
import type { OwnerView } from './owners.ts';

export interface Found {
  owner: JsonObject;
  ask: Ask;
  cluster: ClusterView;
  situation: ExternalSituation;
}

/** Errors: NotFound; BadInput for an owner, or a reference of a Machine, that cannot be understood; Unavailable. */
export async function findSituation(
  { client, reads, store }: { client: ApiClient; reads: ExternalReads; store: Store },
  { kind, namespace, name }: Pick<OwnerView, 'kind' | 'namespace' | 'name'>,
  named?: readonly string[],
): Promise<Found> {
  // Half-filled, the caches know no version of the control plane.
  if (!store.ready())
    throw new StatusError('caches are not filled yet, ask again', { reason: 'Unavailable' });
  const owner = await readOwner(client, { kind, namespace, name });
  const ask = askOf(owner);
  const cluster = store.cluster(namespace, ask.cluster);
  if (!cluster) {
    throw new StatusError(`Cluster ${namespace}/${ask.cluster}: not seen yet, ask again`, {
      reason: 'Unavailable',
    });
  }
  const machineSets = await reads.machineSets(ask);
  const machines = [];
  for (const machine of await reads.machines(ask, machineSets))
    machines.push(await reads.situation(ask, machine));
  const applied = knownExternal(texts(owner, 'metadata', 'annotations'))?.applied;
  const workers = oldestWorker(store, cluster);
  return {
    owner,
    ask,
    cluster,
    situation: {
      ask,
      owner,
      cluster: await client.get(CLUSTERS.path(namespace, ask.cluster)),
      machines,
      machineSets,
      facts: {
        ...clusterFacts({ store }, cluster),
        ...(workers === undefined ? {} : { oldestWorkerVersion: workers }),
      },
      mustRun: ask.release !== undefined && ask.release !== applied,
      ...(named === undefined ? {} : { named }),
    },
  };
}

/** Errors: NotFound, Unavailable. */
export async function readOwner(
  client: ApiClient,
  { kind, namespace, name }: Pick<OwnerView, 'kind' | 'namespace' | 'name'>,
): Promise<JsonObject> {
  return { ...(await client.get(ownerPath(kind, namespace, name))), kind };
}

function oldestWorker(store: Store, { namespace, name }: ClusterView): string | undefined {
  const versions: string[] = [];
  for (const machine of store.machines()) {
    const isOurs = machine.namespace === namespace && machine.cluster === name;
    if (isOurs && !(CONTROL_PLANE_LABEL in machine.labels) && machine.kubeletVersion !== undefined) {
      versions.push(machine.kubeletVersion);
    }
  }
  return oldest(versions);
}
