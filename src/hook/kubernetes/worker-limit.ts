import type { Clock } from '../../api/clock.ts';
import { StatusError } from '../../api/errors.ts';
import type { JsonObject } from '../../api/json.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '../../api/labels.ts';
import { CONCURRENCY_KEY, concurrencyConfigMapName } from '../../generators/names.ts';
import type { ClusterView } from '../store.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { list, text } from '../../kubernetes/fields.ts';
import { CAPI_API_VERSION, CONFIG_MAPS } from './resources.ts';

/** For so long it is not looked at again: somebody may have deleted it by hand, and then Argo starts no worker. */
const REMEMBERED_SECONDS = 600;

/** Writes the ConfigMap that Argo's semaphore reads. Errors: StatusError. */
export function workerLimiter(
  client: ApiClient,
  clock: Clock,
): (cluster: ClusterView, limit: number) => Promise<void> {
  /** UID of the Cluster -> what was written, and when; one entry for each Cluster. */
  const written = new Map<string, { limit: number; at: number }>();

  return async function limitWorkers(cluster, limit) {
    const last = written.get(cluster.uid);
    const at = clock.monotonic();
    if (last?.limit === limit && at - last.at < REMEMBERED_SECONDS) return;
    const wanted = configMap(cluster, limit);
    try {
      await client.create(CONFIG_MAPS.path(cluster.namespace), wanted);
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
      await correct(cluster, wanted);
    }
    written.set(cluster.uid, { limit, at });
  };

  async function correct(cluster: ClusterView, wanted: ReturnType<typeof configMap>): Promise<void> {
    const path = CONFIG_MAPS.path(cluster.namespace, wanted.metadata.name);
    const existing = await client.get(path);
    const isRight = text(existing, 'data', CONCURRENCY_KEY) === wanted.data[CONCURRENCY_KEY];
    const isOwned = list(existing, 'metadata', 'ownerReferences').some(
      (owner) => text(owner, 'uid') === cluster.uid,
    );
    if (isRight && isOwned) return;
    const { ownerReferences } = wanted.metadata;
    await client.mergePatch(path, { data: wanted.data, metadata: isOwned ? {} : { ownerReferences } });
  }
}

function configMap({ namespace, name, uid }: ClusterView, limit: number) {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      namespace,
      name: concurrencyConfigMapName(name),
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY },
      ownerReferences: [{ apiVersion: CAPI_API_VERSION, kind: 'Cluster', name, uid }],
    },
    data: { [CONCURRENCY_KEY]: String(limit) },
  } satisfies JsonObject;
}
