// Objects that others name by group, kind and name only: what they are called in the API is asked there.
import { StatusError } from '../api/errors.ts';
import { list, text } from '../api/fields.ts';
import type { ApiClient } from './api-client.ts';

export interface GroupKind {
  apiGroup: string;
  kind: string;
}

/** Gives the collection of a kind in a namespace. What was found is remembered. Errors: BadInput when nothing serves it. */
export function collections(client: ApiClient): (reference: GroupKind, namespace: string) => Promise<string> {
  const found = new Map<string, Promise<string>>();

  return async function collectionOf({ apiGroup, kind }, namespace) {
    const key = `${kind}.${apiGroup}`;
    const asked = found.get(key) ?? search(client, apiGroup, kind);
    found.set(key, asked);
    // What failed is asked again.
    asked.catch(() => found.delete(key));
    const [root, plural] = (await asked).split(' ');
    return `${root}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
  };
}

async function search(client: ApiClient, apiGroup: string, kind: string): Promise<string> {
  const root = `/apis/${encodeURIComponent(apiGroup)}`;
  const version = text(await orNotServed(client.get(root), apiGroup), 'preferredVersion', 'version');
  const resources = list(await client.get(`${root}/${version ?? ''}`), 'resources');
  const plural = resources
    .filter((resource) => text(resource, 'kind') === kind)
    .map((resource) => text(resource, 'name') ?? '')
    .find((name) => !name.includes('/'));
  if (plural === undefined) throw notServed(`${kind}.${apiGroup}`);
  return `${root}/${version} ${plural}`;
}

async function orNotServed<T>(answer: Promise<T>, apiGroup: string): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'NotFound') throw notServed(apiGroup);
    throw error;
  }
}

function notServed(what: string): StatusError {
  return new StatusError(`${what}: got nothing that serves it, expected its CustomResourceDefinition`, {
    reason: 'BadInput',
  });
}
