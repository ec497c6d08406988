// What a workload cluster does with node Jobs, on the stand-in of the API server: pods, their logs, garbage collection.
// The test is Job controller, kubelet and container: nothing happens unless it says so.
import type { ServerResponse } from 'node:http';
import type { JsonObject, JsonValue } from '../../src/api/json.ts';
import { NODE_NAMESPACE, NODE_SERVICE_ACCOUNT } from '../../src/api/install.ts';
import type { StepReport } from '../../src/api/step-result.ts';
import { at, list, text } from '../../src/kubernetes/fields.ts';
import type { ApiServer } from './api-server.ts';
import type { Place } from './object-store.ts';

interface Line {
  stamp: string;
  content: string;
}

export const JOBS = '/apis/batch/v1/jobs';
const PODS = '/api/v1/pods';
const SECRETS = '/api/v1/secrets';

export class NodeJobs {
  /** Status of /readyz; undefined: no answer, the connection is cut. */
  ready: number | undefined = 200;
  /** Queries of the logs that were asked for. */
  readonly logQueries: Record<string, string>[] = [];
  readonly #server: ApiServer;
  readonly #logs = new Map<string, Line[]>();
  readonly #readers = new Map<string, Set<ServerResponse>>();
  #pods = 0;
  #lines = 0;

  constructor(server: ApiServer) {
    this.#server = server;
    server.other = (url, response) => this.#other(url, response);
    server.data.onChange(({ collection, after, before }) => {
      if (collection === JOBS && after === undefined) this.#collect(text(before, 'metadata', 'uid') ?? '');
    });
  }

  install(): void {
    this.#put('/api/v1/serviceaccounts', NODE_SERVICE_ACCOUNT, {});
  }

  job(name: string): JsonObject | undefined {
    return this.#server.data.get(place(JOBS, name));
  }

  secret(name: string): JsonObject | undefined {
    return this.#server.data.get(place(SECRETS, name));
  }

  /** As the Job controller does: waiting for its container. Gives the name. */
  makePod(job: string, status: JsonObject = {}): string {
    this.#pods += 1;
    const name = `${job}-pod${this.#pods}`;
    const uid = text(this.job(job), 'metadata', 'uid') ?? '';
    const labels = { 'batch.kubernetes.io/job-name': job };
    const pod = { metadata: { name, namespace: NODE_NAMESPACE, labels, ownerReferences: [{ uid }] }, status };
    this.#server.data.create(place(PODS, name), pod);
    this.#server.data.patch(place(PODS, name), {
      metadata: { creationTimestamp: `2026-01-01T00:00:${String(this.#pods).padStart(2, '0')}Z` },
    });
    this.#logs.set(name, []);
    return name;
  }

  run(pod: string): void {
    this.setState(pod, { running: {} });
  }

  setState(pod: string, state: JsonObject): void {
    const containerStatuses = [{ name: 'main', state }];
    this.#server.data.patch(place(PODS, pod), { status: { containerStatuses } });
  }

  /** A line of the container's log; each has its own time unless one is given. */
  say(pod: string, content: string, stamp?: string): void {
    this.#lines += 1;
    const line = { stamp: stamp ?? `2026-01-01T00:00:00.${String(this.#lines).padStart(9, '0')}Z`, content };
    this.#logs.get(pod)?.push(line);
    for (const reader of this.#readers.get(pod) ?? []) write(reader, line);
  }

  end(pod: string, exitCode: number, message: StepReport | string = ''): void {
    const written = typeof message === 'string' ? message : JSON.stringify(message);
    this.setState(pod, { terminated: { exitCode, ...(written === '' ? {} : { message: written }) } });
    for (const reader of this.#readers.get(pod) ?? []) reader.end();
  }

  lose(pod: string): void {
    this.#server.data.delete(place(PODS, pod));
    this.#logs.delete(pod);
    this.breakLogs();
  }

  endJob(name: string, type: 'Complete' | 'Failed', reason = ''): void {
    const conditions = [{ type, status: 'True', ...(reason === '' ? {} : { reason }) }];
    this.#server.data.patch(place(JOBS, name), { status: { conditions } });
  }

  warn(about: string, reason: string, message: string): void {
    const event = { type: 'Warning', reason, message, involvedObject: { name: about } };
    this.#put('/api/v1/events', `${about}.${reason}`.toLowerCase(), event);
  }

  get readers(): number {
    return [...this.#readers.values()].reduce((sum, readers) => sum + readers.size, 0);
  }

  breakLogs(): void {
    for (const readers of this.#readers.values()) for (const reader of readers) reader.destroy();
  }

  #put(collection: string, name: string, object: JsonObject): void {
    const metadata = { name, namespace: NODE_NAMESPACE };
    this.#server.data.create(place(collection, name), { ...object, metadata });
  }

  #collect(owner: string): void {
    for (const collection of [PODS, SECRETS]) {
      for (const object of this.#server.data.list(collection, NODE_NAMESPACE)) {
        const owners = list(object, 'metadata', 'ownerReferences');
        if (owners.some((each: JsonValue) => text(each, 'uid') === owner)) {
          this.#server.data.delete(place(collection, text(object, 'metadata', 'name') ?? ''));
        }
      }
    }
  }

  #other(url: URL, response: ServerResponse): boolean {
    if (url.pathname === '/readyz') {
      if (this.ready === undefined) response.destroy();
      else response.writeHead(this.ready).end('ok');
      return true;
    }
    const pod = /\/pods\/([^/]+)\/log$/.exec(url.pathname)?.[1];
    if (pod === undefined) return false;
    const query = Object.fromEntries(url.searchParams);
    this.logQueries.push(query);
    const lines = this.#logs.get(pod);
    if (lines === undefined) {
      response.writeHead(404).end(JSON.stringify({ message: `pods "${pod}" not found`, reason: 'NotFound' }));
      return true;
    }
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.flushHeaders();
    const since = query['sinceTime'] ?? '';
    for (const line of lines) if (line.stamp.slice(0, 19) >= since.slice(0, 19)) write(response, line);
    const status = list(this.#server.data.get(place(PODS, pod)), 'status', 'containerStatuses')[0];
    const isOver = at(status, 'state', 'terminated') !== undefined;
    if (query['follow'] !== 'true' || isOver) response.end();
    else this.#read(pod, response);
    return true;
  }

  #read(pod: string, response: ServerResponse): void {
    const readers = this.#readers.get(pod) ?? new Set();
    this.#readers.set(pod, readers.add(response));
    response.on('close', () => readers.delete(response));
  }
}

function place(collection: string, name: string): Place {
  return { collection, namespace: NODE_NAMESPACE, name };
}

function write(response: ServerResponse, { stamp, content }: Line): void {
  response.write(`${stamp} ${content}\n`);
}
