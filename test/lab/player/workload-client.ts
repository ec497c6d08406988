// A workload cluster as steps see it: its in-memory API server, and in front of that what the server has not got.
import type { Clock } from '../../../src/api/clock.ts';
import { StatusError } from '../../../src/api/errors.ts';
import { NODE_NAMESPACE, NODE_SERVICE_ACCOUNT } from '../../../src/api/install.ts';
import { isObject, type JsonObject } from '../../../src/api/json.ts';
import type { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { at, list, text, texts } from '../../../src/kubernetes/fields.ts';
import { orAbsent } from '../../../src/steps/api/absent.ts';
import { selects } from '../../../src/steps/api/disruption-budgets.ts';
import {
  disruptionBudgetsPath,
  namespacePath,
  NODES,
  serviceAccountPath,
  VERSION,
} from '../../../src/steps/api/paths.ts';
import { placeOf } from '../../helpers/api-server.ts';
import type { Place } from '../../helpers/object-store.ts';
import type { InMemoryServer } from './in-memory-server.ts';
import { furnishedKubeadmConfig, KUBEADM_CONFIG } from './kubeadm-config.ts';
import { leasesIn } from './leases.ts';
import { SECRETS, type NodeApi } from './node-api.ts';
import { furnishedNode, versionOfApiServers } from './node-object.ts';

const LEASES = '/apis/coordination.k8s.io/v1/leases';
const NODE_LEASES = 'kube-node-lease';
const INSTALLED = [namespacePath(NODE_NAMESPACE), serviceAccountPath(NODE_NAMESPACE, NODE_SERVICE_ACCOUNT)];

export interface WorkloadOptions {
  server: InMemoryServer;
  nodeApi: NodeApi;
  /** The node has what its Job waits for. */
  begin: (job: string) => void;
  clock: Clock;
}

export function workloadClient({ server, nodeApi, begin, clock }: WorkloadOptions): ApiClient {
  const leases = leasesIn(server);

  async function read(place: Place): Promise<JsonObject | undefined> {
    const { collection, namespace, name } = place;
    if (collection === LEASES && namespace === NODE_LEASES) {
      // Kubelets renew them all the time.
      await server.get(`${NODES}/${name}`);
      return { spec: { renewTime: clock.now().toISOString() } };
    }
    if (collection === LEASES) return leases.get(namespace, name);
    if (collection === NODES && name !== '') return furnishedNode(server, name);
    return undefined;
  }

  return {
    ...server,
    async get(path, query = {}, signal) {
      if (path === VERSION) return { gitVersion: await versionOfApiServers(server) };
      if (path === KUBEADM_CONFIG) return furnishedKubeadmConfig(server);
      const place = placeOf(path);
      if (nodeApi.has(place)) return nodeApi.read(place, query);
      if (INSTALLED.includes(path)) await install(server);
      return (await read(place)) ?? server.get(path, query, signal);
    },
    async create(path, body) {
      const object = JSON.parse(JSON.stringify(body)) as JsonObject;
      const evicted = /^(.*\/pods\/[^/]+)\/eviction$/.exec(path)?.[1];
      if (evicted !== undefined) return evict(server, evicted);
      const place = placeOf(path);
      if (place.collection === LEASES) return leases.create(place.namespace, object);
      if (!nodeApi.has(place)) return server.create(path, object);
      const created = nodeApi.create(place, object);
      if (place.collection === SECRETS) begin(text(created, 'metadata', 'name') ?? '');
      return created;
    },
    async mergePatch(path, body) {
      const place = placeOf(path);
      if (place.collection !== LEASES) return server.mergePatch(path, body);
      return leases.mergePatch(place.namespace, place.name, body as JsonObject);
    },
    async delete(path, options = {}) {
      const place = placeOf(path);
      return nodeApi.has(place) ? nodeApi.delete(place, options as JsonObject) : server.delete(path);
    },
    lines(path, query, signal) {
      const pod = /\/pods\/([^/]+)\/log$/.exec(path)?.[1];
      return pod === undefined ? server.lines(path, query, signal) : nodeApi.log(pod, query, signal);
    },
  };
}

/** What dist/refit-node.k8s.yaml brings, unless it is there. */
async function install(server: InMemoryServer): Promise<void> {
  const [namespace = '', account = ''] = INSTALLED;
  if ((await orAbsent(server.get(account))) !== undefined) return;
  const objects = [
    ['Namespace', namespace, { name: NODE_NAMESPACE }],
    ['ServiceAccount', account, { name: NODE_SERVICE_ACCOUNT, namespace: NODE_NAMESPACE }],
  ] as const;
  for (const [kind, path, metadata] of objects) {
    await server
      .create(path.replace(/\/[^/]+$/, ''), { apiVersion: 'v1', kind, metadata })
      .catch(unlessThere);
  }
}

function unlessThere(error: unknown): void {
  if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
}

/** There are no controllers: nobody makes the pod anew. Errors: Unavailable when a PodDisruptionBudget forbids it. */
async function evict(server: InMemoryServer, path: string): Promise<JsonObject> {
  const pod = await server.get(path);
  const labels = texts(pod, 'metadata', 'labels');
  const budgets = await server.get(disruptionBudgetsPath(text(pod, 'metadata', 'namespace') ?? ''));
  const blocking = list(budgets, 'items')
    .filter((budget) => isObject(budget) && selects(at(budget, 'spec', 'selector'), labels))
    .find((budget) => Number(at(budget, 'status', 'disruptionsAllowed') ?? 0) < 1);
  if (blocking === undefined) return server.delete(path);
  throw new StatusError(
    "POST eviction: 429 Cannot evict pod as it would violate the pod's disruption budget",
    {
      reason: 'Unavailable',
    },
  );
}
