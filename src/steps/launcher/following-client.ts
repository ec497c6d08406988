import { readFile } from 'node:fs/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../../api/clock.ts';
import { createApiClient, type ApiClient } from '../../kubernetes/api-client.ts';
import { connect } from '../../kubernetes/connect.ts';

export interface FollowingClient extends ApiClient {
  kubeConfig(): Promise<KubeConfig>;
}

/** The client of a kubeconfig file that rotates: looked at before each request. Errors: also those of `connect`. */
export function followingClient(file: string, clock: Clock): FollowingClient {
  let now: { content: string; kubeConfig: KubeConfig; client: ApiClient } | undefined;
  const clients: ApiClient[] = [];

  async function current(): Promise<NonNullable<typeof now>> {
    const content = await readFile(file, 'utf8').catch(() => undefined);
    if (now !== undefined && (content === undefined || content === now.content)) return now;
    const kubeConfig = connect(file);
    // The one before may still have a log to finish.
    const client = createApiClient(kubeConfig, clock);
    clients.push(client);
    now = { content: content ?? '', kubeConfig, client };
    return now;
  }

  return {
    kubeConfig: async () => (await current()).kubeConfig,
    get: async (...request) => (await current()).client.get(...request),
    create: async (...request) => (await current()).client.create(...request),
    mergePatch: async (...request) => (await current()).client.mergePatch(...request),
    delete: async (...request) => (await current()).client.delete(...request),
    async *lines(...request) {
      yield* (await current()).client.lines(...request);
    },
    async *watch(...request) {
      yield* (await current()).client.watch(...request);
    },
    close: async () => void (await Promise.all(clients.map((client) => client.close()))),
  };
}
