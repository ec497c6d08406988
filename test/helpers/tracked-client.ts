import type { ApiClient, Query } from '../../src/kubernetes/api-client.ts';
import type { FakeClock } from './clock.ts';
import { until } from './until.ts';

export interface TrackedClient extends ApiClient {
  /** So many seconds, one by one: what is under way on a socket is not what the time is about. */
  pass(clock: FakeClock, seconds: number): Promise<void>;
}

/** Knows which requests are not answered yet, but for watches and logs that are followed. */
export function trackedClient(client: ApiClient): TrackedClient {
  let pending = 0;
  const settled = async (clock: FakeClock): Promise<void> => {
    do {
      await until(() => pending === 0, 'requests answered');
      await clock.settle();
    } while (pending > 0);
  };

  function track<A extends unknown[], T>(ask: (...args: A) => Promise<T>): (...args: A) => Promise<T> {
    return async (...args) => {
      pending += 1;
      try {
        return await ask(...args);
      } finally {
        pending -= 1;
      }
    };
  }

  return {
    ...client,
    get: track((...request: Parameters<ApiClient['get']>) => client.get(...request)),
    create: track((...request: Parameters<ApiClient['create']>) => client.create(...request)),
    mergePatch: track((...request: Parameters<ApiClient['mergePatch']>) => client.mergePatch(...request)),
    delete: track((...request: Parameters<ApiClient['delete']>) => client.delete(...request)),
    async *lines(path: string, query: Query, signal: AbortSignal) {
      const isShort = query['follow'] !== true;
      if (isShort) pending += 1;
      try {
        yield* client.lines(path, query, signal);
      } finally {
        if (isShort) pending -= 1;
      }
    },
    async pass(clock, seconds) {
      for (let second = 0; second < seconds; second += 1) {
        await settled(clock);
        await clock.advance(1);
      }
      await settled(clock);
    },
  };
}
