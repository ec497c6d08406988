// A stand-in for a Kubernetes API server: real HTTP, for any kind of object, in memory. It has what Refit's store uses:
// get, list (pages, label selectors), watch, create, JSON merge patch (also of /status), delete. It has no schemas,
// admission, defaults, authentication, garbage collection, PUT or TLS; it sends bookmarks only when told to, and ends
// no watch by itself. The same tests run against a real one (test-cluster.ts) to show that both agree.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { isObject, type JsonObject } from '../../src/api/json.ts';
import { text } from '../../src/kubernetes/fields.ts';
import { ApiError, eventOf, matches, ObjectStore, type HistoryEntry, type Place } from './object-store.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete' | 'update';
export interface Recorded {
  verb: Verb;
  path: string;
  query: Readonly<Record<string, string>>;
  body?: JsonObject;
}
/** A status, a connection that is cut, or no answer at all. */
export type Fault = number | ApiError | 'cut' | 'silence';

interface Watcher {
  response: ServerResponse;
  bookmarks: boolean;
  /** It gets nothing any more, like a connection that died. */
  frozen: boolean;
}

export class ApiServer {
  readonly data = new ObjectStore();
  /** Everything asked since the last reset. */
  requests: Recorded[] = [];
  /** Answers what is no object (logs, health), and then says so. Not recorded, and without faults. */
  other: (url: URL, response: ServerResponse) => boolean = () => false;
  readonly #faults: { left: number; fault: Fault; verb: Verb | undefined }[] = [];
  readonly #watchers = new Set<Watcher>();
  #port = 0;
  #server = createServer();

  /** Listens on loopback; after `stop` on the same port, with the same data. */
  async start(): Promise<void> {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  kubeConfig(): KubeConfig {
    const kubeConfig = new KubeConfig();
    const server = `http://127.0.0.1:${this.#port}`;
    kubeConfig.loadFromClusterAndUser({ name: 'test', server, skipTLSVerify: true }, { name: 'test' });
    return kubeConfig;
  }

  count(verb?: Verb, plural?: string): number {
    const isMeant = (request: Recorded): boolean =>
      (verb === undefined || request.verb === verb) &&
      (plural === undefined || request.path.split('/').includes(plural));
    return this.requests.filter(isMeant).length;
  }

  /** The next so many requests (of that verb) end like this. */
  failNext(left: number, fault: Fault, verb?: Verb): void {
    this.#faults.push({ left, fault, verb });
  }

  /** How many watches are open. */
  get watches(): number {
    return this.#watchers.size;
  }

  dropWatches(): void {
    for (const { response } of this.#watchers) response.destroy();
  }

  /** As at their timeoutSeconds. */
  endWatches(): void {
    for (const { response } of this.#watchers) response.end();
  }

  freezeWatches(): void {
    for (const watcher of this.#watchers) watcher.frozen = true;
  }

  bookmark(): void {
    const object = { metadata: { resourceVersion: String(this.data.version) } };
    for (const watcher of this.#watchers) if (watcher.bookmarks) send(watcher, 'BOOKMARK', object);
  }

  /** Forgets the history: a watch from an older version gets 410. */
  compact(): void {
    this.data.oldest = this.data.version;
    this.data.history.length = 0;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const query = Object.fromEntries(url.searchParams);
    try {
      if (this.other(url, response)) return;
      const place = placeOf(url.pathname);
      const verb = verbOf(request.method, place, query);
      const body = await readBody(request);
      this.requests.push({ verb, path: url.pathname, query, ...(body ? { body } : {}) });
      const fault = this.#takeFault(verb);
      if (fault === 'silence') return;
      if (fault === 'cut') return void response.destroy();
      if (fault instanceof ApiError) throw fault;
      if (fault !== undefined) throw new ApiError(fault, 'Fault', `told to fail with ${fault}`);
      if (verb === 'watch') return this.#watch(place, query, response);
      answer(response, verb === 'create' ? 201 : 200, this.#do(verb, place, query, body ?? {}, request));
    } catch (error) {
      const { code, reason, message } =
        error instanceof ApiError ? error : new ApiError(500, 'Bug', String(error));
      answer(response, code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code });
    }
  }

  #do(
    verb: Verb,
    place: Place,
    query: Recorded['query'],
    body: JsonObject,
    request: IncomingMessage,
  ): JsonObject {
    switch (verb) {
      case 'get': {
        const object = this.data.get(place);
        if (!object) throw new ApiError(404, 'NotFound', `${place.collection} "${place.name}" not found`);
        return object;
      }
      case 'list':
        return this.#list(place, query);
      case 'create':
        // Answered, never kept; nobody is allowed anything.
        if (place.collection.endsWith('reviews')) return { ...body, status: {} };
        return this.data.create(
          { ...place, name: text(body, 'metadata', 'name') ?? '' },
          inNamespace(body, place),
        );
      case 'patch':
        if (request.headers['content-type'] !== 'application/merge-patch+json') {
          throw new ApiError(415, 'UnsupportedMediaType', 'only JSON merge patches are known here');
        }
        return this.data.patch(place, isStatus(request) ? { status: body['status'] ?? null } : body);
      case 'delete':
        return this.data.delete(place, text(body, 'preconditions', 'uid'));
      default:
        throw new ApiError(405, 'MethodNotAllowed', `${verb} is not known here`);
    }
  }

  /** `continue` is `<version>:<how many were given>`; the pages show what is there now, not a snapshot. */
  #list({ collection, namespace }: Place, query: Recorded['query']): JsonObject {
    const found = this.data
      .list(collection, namespace)
      .filter((object) => matches(object, query['labelSelector'] ?? ''));
    const [version = String(this.data.version), skipped = '0'] = query['continue']?.split(':') ?? [];
    const end = Number(skipped) + Number(query['limit'] ?? Infinity);
    const more = end < found.length ? { continue: `${version}:${end}` } : {};
    return {
      kind: 'List',
      metadata: { resourceVersion: version, ...more },
      items: found.slice(Number(skipped), end),
    };
  }

  #watch({ collection, namespace }: Place, query: Recorded['query'], response: ServerResponse): void {
    const from = Number(query['resourceVersion'] ?? 0);
    const watcher = { response, bookmarks: query['allowWatchBookmarks'] === 'true', frozen: false };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    if (from < this.data.oldest) {
      const message = `too old resource version: ${from} (${this.data.oldest})`;
      send(watcher, 'ERROR', { kind: 'Status', status: 'Failure', message, reason: 'Expired', code: 410 });
      return void response.end();
    }
    const tell = (entry: HistoryEntry): void => {
      if (entry.collection !== collection || (namespace !== '' && entry.namespace !== namespace)) return;
      const event = eventOf(entry, query['labelSelector'] ?? '');
      if (event) send(watcher, event.type, event.object);
    };
    for (const entry of this.data.history) if (entry.version > from) tell(entry);
    const forget = this.data.onChange(tell);
    this.#watchers.add(watcher);
    response.on('close', () => {
      forget();
      this.#watchers.delete(watcher);
    });
  }

  #takeFault(verb: Verb): Fault | undefined {
    const fault = this.#faults.find(
      (entry) => entry.left > 0 && (entry.verb === undefined || entry.verb === verb),
    );
    if (fault) fault.left -= 1;
    return fault?.fault;
  }
}

function send({ response, frozen }: Watcher, type: string, object: JsonObject): void {
  if (!frozen) response.write(`${JSON.stringify({ type, object })}\n`);
}

/** Errors: ApiError 404. */
export function placeOf(path: string): Place {
  const found =
    /^(\/api\/[^/]+|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/([^/]+))?\/([^/]+)(?:\/([^/]+))?(?:\/status)?$/.exec(
      path,
    );
  const [, api, namespace = '', plural, name = ''] = found ?? [];
  if (api === undefined || plural === undefined) throw new ApiError(404, 'NotFound', 'unknown path');
  return {
    collection: `${api}/${plural}`,
    namespace: decodeURIComponent(namespace),
    name: decodeURIComponent(name),
  };
}

function verbOf(method: string | undefined, { name }: Place, query: Recorded['query']): Verb {
  if (method === 'GET') return name !== '' ? 'get' : query['watch'] === 'true' ? 'watch' : 'list';
  const verbs: Readonly<Record<string, Verb>> = { POST: 'create', PATCH: 'patch', DELETE: 'delete' };
  return verbs[method ?? ''] ?? 'update';
}

function isStatus(request: IncomingMessage): boolean {
  return request.url?.split('?')[0]?.endsWith('/status') ?? false;
}

function inNamespace(object: JsonObject, { namespace }: Place): JsonObject {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  return namespace === '' ? object : { ...object, metadata: { ...metadata, namespace } };
}

async function readBody(request: IncomingMessage): Promise<JsonObject | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (chunks.length === 0) return undefined;
  const value: unknown = JSON.parse(Buffer.concat(chunks).toString());
  return isObject(value) ? value : undefined;
}

function answer(response: ServerResponse, status: number, body: JsonObject): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
