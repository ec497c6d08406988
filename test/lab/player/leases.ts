// Leases as a ConfigMap each, since the in-memory API server knows none: there they outlive this process.
import { isObject, type JsonObject } from '../../../src/api/json.ts';
import type { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { at, text } from '../../../src/kubernetes/fields.ts';
import { namespacePath } from '../../../src/steps/api/paths.ts';
import { merge } from '../../helpers/object-store.ts';

export interface Leases {
  get(namespace: string, name: string): Promise<JsonObject>;
  create(namespace: string, lease: JsonObject): Promise<JsonObject>;
  mergePatch(namespace: string, name: string, patch: JsonObject): Promise<JsonObject>;
}

export function leasesIn(client: ApiClient): Leases {
  const collection = (namespace: string): string => `${namespacePath(namespace)}/configmaps`;
  const path = (namespace: string, name: string): string => `${collection(namespace)}/${mapName(name)}`;
  return {
    get: async (namespace, name) => leaseOf(await client.get(path(namespace, name))),
    async create(namespace, lease) {
      const name = mapName(text(lease, 'metadata', 'name') ?? '');
      const given = at(lease, 'metadata');
      const metadata = { ...(isObject(given) ? given : {}), name, namespace };
      const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: dataOf(at(lease, 'spec')) };
      return leaseOf(await client.create(collection(namespace), map));
    },
    async mergePatch(namespace, name, patch) {
      const map = await client.get(path(namespace, name));
      const spec = merge(specOf(map), at(patch, 'spec') ?? {});
      const metadata = { resourceVersion: text(map, 'metadata', 'resourceVersion') ?? '' };
      // The precondition of the patch, if it has one, takes the place of our own.
      const body = merge({ metadata, data: dataOf(spec) }, { metadata: at(patch, 'metadata') ?? {} });
      return leaseOf(await client.mergePatch(path(namespace, name), body as JsonObject));
    },
  };
}

function mapName(lease: string): string {
  return `lease.${lease}`;
}

function dataOf(spec: unknown): JsonObject {
  return { spec: JSON.stringify(spec ?? {}) };
}

function specOf(map: JsonObject): JsonObject {
  return JSON.parse(text(map, 'data', 'spec') ?? '{}') as JsonObject;
}

function leaseOf(map: JsonObject): JsonObject {
  return { metadata: at(map, 'metadata') ?? {}, spec: specOf(map) };
}
