// Jobs of nodes with their pods, logs, Secrets: the part of a workload cluster's API that lives in this process. The
// in-memory API server knows no Jobs, no logs, and refuses what a Job would own.
import { StatusError, type Reason } from '../../../src/api/errors.ts';
import { NODE_NAMESPACE } from '../../../src/api/install.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import type { Query } from '../../../src/kubernetes/api-client.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { JOBS, NodeJobs } from '../../helpers/node-jobs.ts';
import { ApiError, matches, ObjectStore, type Place } from '../../helpers/object-store.ts';

export const SECRETS = '/api/v1/secrets';
const COLLECTIONS = [JOBS, SECRETS, '/api/v1/pods', '/api/v1/events'];

export interface NodeApi {
  jobs: NodeJobs;
  has(place: Place): boolean;
  read(place: Place, query: Query): JsonObject;
  create(place: Place, object: JsonObject): JsonObject;
  delete(place: Place, options: JsonObject): JsonObject;
  /** Follows only what runs. */
  log(pod: string, query: Query, signal: AbortSignal): AsyncGenerator<string>;
}

export function nodeApi(): NodeApi {
  const data = new ObjectStore();
  const jobs = new NodeJobs(data);
  // Nobody watches.
  data.onChange(() => void (data.history.length = 0));
  return {
    jobs,
    has: ({ collection, namespace }) => namespace === NODE_NAMESPACE && COLLECTIONS.includes(collection),
    read: (place, query) =>
      answered(() => {
        if (place.name !== '') return data.get(place) ?? missing(place);
        const selector = String(query['labelSelector'] ?? '');
        const items = data.list(place.collection, place.namespace);
        return { metadata: {}, items: items.filter((item) => matches(item, selector)) };
      }),
    create: (place, object) =>
      answered(() => data.create({ ...place, name: text(object, 'metadata', 'name') ?? '' }, object)),
    delete: (place, options) => answered(() => data.delete(place, text(options, 'preconditions', 'uid'))),
    async *log(pod, query, signal) {
      if (!jobs.hasLog(pod)) throw new StatusError(`pods "${pod}" not found`, { reason: 'NotFound' });
      yield* lines(jobs, pod, query, signal);
    },
  };
}

async function* lines(
  jobs: NodeJobs,
  pod: string,
  query: Query,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const waiting: string[] = [];
  let news = Promise.withResolvers<void>();
  let isOver = false;
  const wake = (): void => {
    news.resolve();
    news = Promise.withResolvers();
  };
  const texts = Object.fromEntries(Object.entries(query).map(([key, value]) => [key, String(value)]));
  const forget = jobs.readLog(pod, texts, {
    write: (line) => {
      waiting.push(line);
      wake();
    },
    end: () => {
      isOver = true;
      wake();
    },
  });
  signal.addEventListener('abort', wake, { once: true });
  try {
    for (;;) {
      const next = news.promise;
      yield* waiting.splice(0);
      if (waiting.length > 0) continue;
      if (isOver || signal.aborted) return;
      await next;
    }
  } finally {
    forget();
    signal.removeEventListener('abort', wake);
  }
}

function missing({ collection, name }: Place): never {
  throw new ApiError(404, 'NotFound', `${collection} "${name}" not found`);
}

function answered<T>(answer: () => T): T {
  try {
    return answer();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new StatusError(error.message, { reason: error.reason as Reason, cause: error });
  }
}
