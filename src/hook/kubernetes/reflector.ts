// Keeps a cache like the server: list, then watch from there, for ever.
import type { Clock } from '../../api/clock.ts';
import { StatusError } from '../../api/errors.ts';
import { isObject, type JsonObject } from '../../api/json.ts';
import type { Log } from '../log.ts';
import type { ApiClient, Query } from '../../kubernetes/api-client.ts';
import type { Cache, Entry } from './cache.ts';
import { at, list, text } from '../../kubernetes/fields.ts';
import type { Resource } from './resources.ts';

export interface ReflectorOptions<V> {
  client: ApiClient;
  clock: Clock;
  log: Log;
  /** 0 to 1, for jitter: replicas must not come back all at once. */
  random: () => number;
  resource: Resource;
  /** Selectors. */
  query: Query;
  cache: Cache<V>;
}

/** A finished Workflow has 80 KiB: what a list leaves behind in the heap grows with its pages. */
const PAGE = 25;
/** The server ends a watch after so many seconds, and up to a fifth more. */
const WATCH_SECONDS = 250;
/** A watch that ends sooner is not a normal end: the server stops, or something in between cuts connections. */
const SHORT_WATCH_SECONDS = 5;
const FIRST_DELAY_SECONDS = 0.5;
const MAX_DELAY_SECONDS = 30;

/** Runs until the signal aborts; never throws. */
export async function reflect<V>(options: ReflectorOptions<V>, signal: AbortSignal): Promise<void> {
  const { clock, log, random, resource, cache } = options;
  let failures = 0;
  const received = (): void => {
    failures = 0;
  };
  while (!signal.aborted) {
    const startedAt = clock.monotonic();
    try {
      if (cache.resourceVersion === undefined) await fill(options, signal);
      await follow(options, received, signal);
      if (clock.monotonic() - startedAt >= SHORT_WATCH_SECONDS) continue;
    } catch (error) {
      if (signal.aborted) return;
      log.warn({ resource: resource.name, failures, err: error }, 'watch failed, connecting again');
    }
    const delay = Math.min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * 2 ** failures) * (0.5 + random());
    failures += 1;
    await clock.sleep(delay, signal);
  }
}

async function fill<V>(
  { client, resource, query, cache }: ReflectorOptions<V>,
  signal: AbortSignal,
): Promise<void> {
  const entries = new Map<string, Entry<V>>();
  let page: JsonObject | undefined;
  do {
    const next = text(page, 'metadata', 'continue');
    const from = next === undefined ? {} : { continue: next };
    page = await client.get(resource.path(), { ...query, limit: PAGE, ...from }, signal);
    for (const item of list(page, 'items')) if (isObject(item)) cache.collect(entries, item);
  } while (text(page, 'metadata', 'continue') !== undefined);
  cache.replace(entries, text(page, 'metadata', 'resourceVersion') ?? '');
}

/** Until the server ends the watch. An error that the server answers makes the next turn list again. */
async function follow<V>(
  options: ReflectorOptions<V>,
  received: () => void,
  signal: AbortSignal,
): Promise<void> {
  const { client, random, resource, query, cache } = options;
  const watch = client.watch(
    resource.path(),
    {
      ...query,
      resourceVersion: cache.resourceVersion ?? '',
      allowWatchBookmarks: true,
      timeoutSeconds: Math.round(WATCH_SECONDS * (1 + random() / 5)),
    },
    signal,
  );
  for await (const event of watch) {
    const type = text(event, 'type') ?? '';
    const object = at(event, 'object');
    if (type === 'ERROR' || !isObject(object)) {
      cache.resourceVersion = undefined;
      const message = text(object, 'message') ?? `event of type ${type}`;
      throw new StatusError(`watch of ${resource.name}: ${message}`, { reason: 'Unavailable' });
    }
    cache.apply(type, object);
    received();
  }
}
