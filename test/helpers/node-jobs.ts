// What a workload cluster does with node Jobs: pods, their logs, garbage collection. Whoever has it is Job controller,
// kubelet and container: nothing happens unless they say so.
import type { JsonObject, JsonValue } from '../../src/api/json.ts';
import { NODE_NAMESPACE, NODE_SERVICE_ACCOUNT } from '../../src/api/install.ts';
import type { StepReport } from '../../src/api/step-result.ts';
import { at, list, text } from '../../src/kubernetes/fields.ts';
import type { ObjectStore, Place } from './object-store.ts';

interface Line {
  stamp: string;
  content: string;
}

/** Of a log that is read; what it gets has no line end. */
export interface LogReader {
  write(line: string): void;
  /** The container has ended. */
  end(): void;
}

export const JOBS = '/apis/batch/v1/jobs';
const PODS = '/api/v1/pods';
const SECRETS = '/api/v1/secrets';

export class NodeJobs {
  readonly #data: ObjectStore;
  readonly #logs = new Map<string, Line[]>();
  readonly #readers = new Map<string, Set<LogReader>>();
  #pods = 0;
  #lines = 0;

  constructor(data: ObjectStore) {
    this.#data = data;
    data.onChange(({ collection, after, before }) => {
      if (collection === JOBS && after === undefined) this.#collect(text(before, 'metadata', 'uid') ?? '');
    });
  }

  install(): void {
    this.#put('/api/v1/serviceaccounts', NODE_SERVICE_ACCOUNT, {});
  }

  job(name: string): JsonObject | undefined {
    return this.#data.get(place(JOBS, name));
  }

  secret(name: string): JsonObject | undefined {
    return this.#data.get(place(SECRETS, name));
  }

  /** As the Job controller does: waiting for its container. Gives the name. */
  makePod(job: string, status: JsonObject = {}): string {
    this.#pods += 1;
    const name = `${job}-pod${this.#pods}`;
    const uid = text(this.job(job), 'metadata', 'uid') ?? '';
    const labels = { 'batch.kubernetes.io/job-name': job };
    const pod = { metadata: { name, namespace: NODE_NAMESPACE, labels, ownerReferences: [{ uid }] }, status };
    this.#data.create(place(PODS, name), pod);
    this.#data.patch(place(PODS, name), {
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
    this.#data.patch(place(PODS, pod), { status: { containerStatuses } });
  }

  /** A line of the container's log; each has its own time unless one is given. */
  say(pod: string, content: string, stamp?: string): void {
    this.#lines += 1;
    const line = { stamp: stamp ?? `2026-01-01T00:00:00.${String(this.#lines).padStart(9, '0')}Z`, content };
    this.#logs.get(pod)?.push(line);
    for (const reader of this.#readers.get(pod) ?? []) reader.write(written(line));
  }

  end(pod: string, exitCode: number, message: StepReport | string = ''): void {
    const written = typeof message === 'string' ? message : JSON.stringify(message);
    this.setState(pod, { terminated: { exitCode, ...(written === '' ? {} : { message: written }) } });
    for (const reader of this.#readers.get(pod) ?? []) reader.end();
  }

  lose(pod: string): void {
    this.#data.delete(place(PODS, pod));
    this.#logs.delete(pod);
  }

  endJob(name: string, type: 'Complete' | 'Failed', reason = ''): void {
    const conditions = [{ type, status: 'True', ...(reason === '' ? {} : { reason }) }];
    this.#data.patch(place(JOBS, name), { status: { conditions } });
  }

  warn(about: string, reason: string, message: string): void {
    const event = { type: 'Warning', reason, message, involvedObject: { name: about } };
    this.#put('/api/v1/events', `${about}.${reason}`.toLowerCase(), event);
  }

  hasLog(pod: string): boolean {
    return this.#logs.has(pod);
  }

  /** What was said so far, at once, and what follows if the query says so. Gives how to read no more. */
  readLog(pod: string, query: Readonly<Record<string, string>>, reader: LogReader): () => void {
    const lines = this.#logs.get(pod) ?? [];
    const since = query['sinceTime'] ?? '';
    for (const line of lines) if (line.stamp.slice(0, 19) >= since.slice(0, 19)) reader.write(written(line));
    const status = list(this.#data.get(place(PODS, pod)), 'status', 'containerStatuses')[0];
    if (query['follow'] !== 'true' || at(status, 'state', 'terminated') !== undefined) {
      reader.end();
      return () => undefined;
    }
    const readers = this.#readers.get(pod) ?? new Set();
    this.#readers.set(pod, readers.add(reader));
    return () => void readers.delete(reader);
  }

  #put(collection: string, name: string, object: JsonObject): void {
    const metadata = { name, namespace: NODE_NAMESPACE };
    this.#data.create(place(collection, name), { ...object, metadata });
  }

  #collect(owner: string): void {
    for (const collection of [PODS, SECRETS]) {
      for (const object of this.#data.list(collection, NODE_NAMESPACE)) {
        const owners = list(object, 'metadata', 'ownerReferences');
        if (owners.some((each: JsonValue) => text(each, 'uid') === owner)) {
          this.#data.delete(place(collection, text(object, 'metadata', 'name') ?? ''));
        }
      }
    }
  }
}

function place(collection: string, name: string): Place {
  return { collection, namespace: NODE_NAMESPACE, name };
}

function written({ stamp, content }: Line): string {
  return `${stamp} ${content}`;
}
