// Requests to a Kubernetes API server, with client-node's authentication and HTTP. There is no PUT on purpose:
// replacing a Workflow by an older copy of it stalls it for good. Its Watch class is not used: it drops what it cannot
// parse and what the callback throws, and cuts every watch that is silent for 30 s.
import {
  IsomorphicFetchHttpLibrary,
  RequestContext,
  type HttpMethod,
  type KubeConfig,
  type ResponseContext,
} from '@kubernetes/client-node';
import type { Clock } from '../api/clock.ts';
import type { JsonObject } from '../api/json.ts';
import { parse, refusal, unavailable } from './answers.ts';
import { idleTimeout, limitConcurrency } from './timeouts.ts';

export type Query = Readonly<Record<string, string | number | boolean>>;

/** Errors of all but `watch`: StatusError by the status of the answer; Unavailable when none comes in time. */
export interface ApiClient {
  get(path: string, query?: Query, signal?: AbortSignal): Promise<JsonObject>;
  create(path: string, body: object): Promise<JsonObject>;
  mergePatch(path: string, body: object): Promise<JsonObject>;
  /** The body is a DeleteOptions without its kind. */
  delete(path: string, options?: object): Promise<JsonObject>;
  /** What is answered in plain text (logs, health), line by line as it comes, until the server ends it. */
  lines(path: string, query: Query, signal: AbortSignal): AsyncGenerator<string>;
  /**
   * The events of a watch, until the server ends it. An answer other than 200 is given as an ERROR event, as the server
   * itself does for a version that is too old. Throws when the connection is lost, silent for too long, or aborted.
   */
  watch(path: string, query: Query, signal: AbortSignal): AsyncGenerator<JsonObject>;
  close(): Promise<void>;
}

interface Connections {
  dispatcher: ReturnType<RequestContext['getDispatcher']>;
  /** Clock.monotonic: something came on one of them, or they were opened. */
  heardAt: number;
}

interface Sent {
  answer: ResponseContext;
  /** To be called whenever more of it has come. */
  heard: () => void;
}

interface Content {
  body?: object;
  signal?: AbortSignal;
  isText?: boolean;
}

/** A hook must be answered in 10 s and may take several requests. */
const REQUEST_SECONDS = 5;
/** A page of a list is large, and nobody waits for it. */
const LIST_SECONDS = 30;
/** API servers send a bookmark about every minute. */
const WATCH_SILENCE_SECONDS = 120;
/** Keeps a burst of hook calls from opening a connection each. */
const MAX_REQUESTS_AT_ONCE = 32;
const FIELD_MANAGER = 'capi-refit';
const MERGE_PATCH = 'application/merge-patch+json';

export function createApiClient(kubeConfig: KubeConfig, clock: Clock): ApiClient {
  const http = new IsomorphicFetchHttpLibrary();
  const limited = limitConcurrency(MAX_REQUESTS_AT_ONCE);
  let connections: Connections | undefined;

  async function request(
    method: HttpMethod,
    path: string,
    query: Query,
    content: Content,
  ): Promise<JsonObject> {
    const timeout = idleTimeout(clock, 'limit' in query ? LIST_SECONDS : REQUEST_SECONDS, content.signal);
    try {
      return await limited(async () => {
        const { answer, heard } = await send(method, path, query, { ...content, signal: timeout.signal });
        const received = await answer.body.text();
        heard();
        if (answer.httpStatusCode >= 300) throw refusal(`${method} ${path}`, answer.httpStatusCode, received);
        return parse(received);
      }, timeout.signal);
    } catch (error) {
      leaveDead(timeout.silentSince());
      throw unavailable(`${method} ${path}`, error);
    } finally {
      timeout.stop();
    }
  }

  /**
   * Of a machine that lost its power, or an address that moved to another one, no end is ever heard: a quarter of an hour
   * would pass before the kernel gives such a connection up. One on which something came meanwhile is only slow.
   */
  function leaveDead(silentSince: number | undefined): void {
    if (silentSince === undefined || !connections || connections.heardAt > silentSince) return;
    void connections.dispatcher?.destroy();
    connections = undefined;
  }

  async function* watch(path: string, query: Query, outer: AbortSignal): AsyncGenerator<JsonObject> {
    const timeout = idleTimeout(clock, WATCH_SILENCE_SECONDS, outer);
    try {
      const given = { signal: timeout.signal };
      const { answer, heard } = await send('GET', path, { ...query, watch: true }, given);
      if (answer.httpStatusCode !== 200) {
        yield { type: 'ERROR', object: parse(await answer.body.text()) };
        return;
      }
      const stream = answer.body.stream();
      if (!stream) return;
      const received = (): void => (timeout.touch(), heard());
      for await (const line of wholeLines(stream, received)) if (line !== '') yield parse(line);
    } finally {
      leaveDead(timeout.silentSince());
      timeout.stop();
    }
  }

  /** The signal is the only bound on the time: a log may be silent for long. */
  async function* lines(path: string, query: Query, signal: AbortSignal): AsyncGenerator<string> {
    try {
      const { answer, heard } = await send('GET', path, query, { signal, isText: true });
      if (answer.httpStatusCode !== 200) {
        throw refusal(`GET ${path}`, answer.httpStatusCode, await answer.body.text());
      }
      const stream = answer.body.stream();
      const rest = stream ? yield* wholeLines(stream, heard) : '';
      if (rest !== '') yield rest;
    } catch (error) {
      throw unavailable(`GET ${path}`, error);
    }
  }

  /**
   * Connections are kept between requests; a failure or 401 drops them, so that rotated certificates are read. An abort
   * ends only its own: others would all have to connect anew, just when the server is slow.
   */
  async function send(
    method: HttpMethod,
    path: string,
    query: Query,
    { body, signal, isText }: Content,
  ): Promise<Sent> {
    const context = new RequestContext(`${kubeConfig.getCurrentCluster()?.server ?? ''}${path}`, method);
    for (const [key, value] of Object.entries(query)) context.setQueryParam(key, String(value));
    context.setHeaderParam('Accept', isText ? 'application/json, */*' : 'application/json');
    if (body) {
      context.setHeaderParam('Content-Type', method === 'PATCH' ? MERGE_PATCH : 'application/json');
      context.setBody(JSON.stringify(body));
    }
    if (signal) context.setSignal(signal);
    await kubeConfig.applySecurityAuthentication(context);
    const used = (connections ??= { dispatcher: context.getDispatcher(), heardAt: clock.monotonic() });
    if (used.dispatcher) context.setDispatcher(used.dispatcher);
    const heard = (): void => void (used.heardAt = clock.monotonic());
    try {
      const answer = await http.send(context).toPromise();
      heard();
      if (answer.httpStatusCode === 401) connections = undefined;
      return { answer, heard };
    } catch (error) {
      if (!signal?.aborted) connections = undefined;
      throw error;
    }
  }

  const written = { fieldManager: FIELD_MANAGER };
  return {
    get: (path, query = {}, signal) => request('GET', path, query, signal ? { signal } : {}),
    create: (path, body) => request('POST', path, written, { body }),
    mergePatch: (path, body) => request('PATCH', path, written, { body }),
    delete: (path, options = {}) =>
      request('DELETE', path, {}, { body: { apiVersion: 'v1', kind: 'DeleteOptions', ...options } }),
    lines,
    watch,
    close: async () => connections?.dispatcher?.destroy(),
  };
}

/** Returns what follows the last line end. In a watch it was cut off: it comes again with the next one. */
async function* wholeLines(
  stream: AsyncIterable<Uint8Array>,
  received: () => void,
): AsyncGenerator<string, string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of stream) {
    received();
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  return rest;
}
