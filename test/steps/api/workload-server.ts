// The stand-in of a workload cluster's API server: besides objects it knows /version, evictions as PodDisruptionBudgets
// allow them, and lists of the pods of one node. As the real one does, from its source; no controllers.
import type { ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { isObject, type JsonObject } from '../../../src/api/json.ts';
import { at, text, texts } from '../../../src/kubernetes/fields.ts';
import { ApiServer } from '../../helpers/api-server.ts';
import { ApiError, type Place } from '../../helpers/object-store.ts';

const PODS = '/api/v1/pods';
const BUDGETS = '/apis/policy/v1/poddisruptionbudgets';

export class WorkloadServer extends ApiServer {
  gitVersion = 'v1.33.7';
  /** Pods that were asked to go, in order; also in vain. */
  evictions: string[] = [];
  /** A webhook that refuses them. */
  refusal: string | undefined;
  /** Happens when an eviction is asked for, before it is looked at. */
  meanwhile: () => void = () => undefined;
  /** How often the pods of a node were listed, counting pages. */
  podPages = 0;

  override other = (url: URL, response: ServerResponse): boolean => {
    const [, namespace, name] =
      /^\/api\/v1\/namespaces\/([^/]+)\/pods\/([^/]+)\/eviction$/.exec(url.pathname) ?? [];
    if (url.pathname === '/version') return answer(response, 200, { gitVersion: this.gitVersion });
    if (namespace !== undefined && name !== undefined) {
      void this.#evict({ collection: PODS, namespace, name }, response);
      return true;
    }
    const [, node] = /^spec\.nodeName=(.+)$/.exec(url.searchParams.get('fieldSelector') ?? '') ?? [];
    return node !== undefined && answer(response, 200, this.#podsOf(node, url));
  };

  /** Pages of the pods of all nodes, without those of others: they may be empty, as etcd's are. */
  #podsOf(node: string, { pathname, searchParams }: URL): JsonObject {
    this.podPages += 1;
    const namespace = /\/namespaces\/([^/]+)\//.exec(pathname)?.[1] ?? '';
    const all = this.data.list(PODS, namespace);
    const start = Number(searchParams.get('continue') ?? 0);
    const end = start + Number(searchParams.get('limit') ?? Infinity);
    const items = all.slice(start, end).filter((pod) => text(pod, 'spec', 'nodeName') === node);
    return { kind: 'PodList', metadata: end < all.length ? { continue: String(end) } : {}, items };
  }

  async #evict(place: Place, response: ServerResponse): Promise<void> {
    const eviction = await json(response.req);
    this.evictions.push(`${place.namespace}/${place.name}`);
    this.meanwhile();
    try {
      if (!isObject(eviction)) throw new ApiError(400, 'BadRequest', 'not an object');
      this.#allow(place);
      this.data.delete(place, text(eviction, 'deleteOptions', 'preconditions', 'uid'));
      answer(response, 201, { kind: 'Status', status: 'Success' });
    } catch (error) {
      const { code, reason, message } =
        error instanceof ApiError ? error : new ApiError(500, 'Bug', String(error));
      answer(response, code, { kind: 'Status', status: 'Failure', message, reason, code });
    }
  }

  /** Takes one off the budget of the pod. */
  #allow(place: Place): void {
    const pod = this.data.get(place);
    if (!pod) throw new ApiError(404, 'NotFound', `pods "${place.name}" not found`);
    if (this.refusal !== undefined) throw new ApiError(403, 'Forbidden', this.refusal);
    const [budget, other] = this.data
      .list(BUDGETS, place.namespace)
      .filter((candidate) => covers(candidate, pod));
    if (other)
      throw new ApiError(
        500,
        '',
        'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
      );
    if (!budget) return;
    const allowed = Number(at(budget, 'status', 'disruptionsAllowed'));
    if (allowed === 0) {
      throw new ApiError(
        429,
        'TooManyRequests',
        "Cannot evict pod as it would violate the pod's disruption budget.",
      );
    }
    const name = text(budget, 'metadata', 'name') ?? '';
    this.data.patch({ ...place, collection: BUDGETS, name }, { status: { disruptionsAllowed: allowed - 1 } });
  }
}

/** Only of matchLabels. */
function covers(budget: JsonObject, pod: JsonObject): boolean {
  const labels = texts(pod, 'metadata', 'labels');
  return Object.entries(texts(budget, 'spec', 'selector', 'matchLabels')).every(
    ([key, value]) => labels[key] === value,
  );
}

function answer(response: ServerResponse, status: number, body: JsonObject): true {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
  return true;
}
