// The in-memory API server of a workload cluster, which is in some ways not like a real one.
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock } from '../../../src/api/clock.ts';
import { StatusError } from '../../../src/api/errors.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { createApiClient, type ApiClient } from '../../../src/kubernetes/api-client.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { apiOf } from '../../apiserver/api.ts';

/** Without watches: nobody needs them here. */
export interface InMemoryServer extends ApiClient {
  /** For pods: one that was patched breaks its etcd, and is on every node for its field selectors. */
  put(path: string, body: JsonObject): Promise<JsonObject>;
}

export function inMemoryServer(kubeConfig: KubeConfig, clock: Clock): InMemoryServer {
  const client = createApiClient(kubeConfig, clock);
  const api = apiOf(kubeConfig);
  return {
    ...client,
    async create(path, body) {
      try {
        return await client.create(path, body);
      } catch (error) {
        // Its refusals name no reason: a name that is taken looks like a write that came too late.
        if (!(error instanceof StatusError) || error.reason !== 'Conflict') throw error;
        throw new StatusError(error.message, { reason: 'AlreadyExists', cause: error });
      }
    },
    async delete(path, options) {
      try {
        return await client.delete(path, options);
      } catch (error) {
        // It answers with nothing.
        if (error instanceof StatusError && error.cause instanceof SyntaxError) return {};
        throw error;
      }
    },
    async put(path, body) {
      const { status, body: answer } = await api.put(path, body).catch((cause: Error) => {
        throw new StatusError(`PUT ${path}: ${cause.message}`, { reason: 'Unavailable', cause });
      });
      if (status < 300) return answer;
      const message = `PUT ${path}: ${status} ${text(answer, 'ErrStatus', 'message') ?? 'no message'}`;
      throw new StatusError(message, { reason: status === 409 ? 'Conflict' : 'BadInput' });
    },
  };
}
