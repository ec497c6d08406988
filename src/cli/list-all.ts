import type { JsonObject } from '../api/json.ts';
import type { ApiClient, Query } from '../kubernetes/api-client.ts';
import { items } from '../steps/api/items.ts';

/** The objects of a collection, at once. Errors: those of the client. */
export async function listAll(client: ApiClient, path: string, query?: Query): Promise<JsonObject[]> {
  const found: JsonObject[] = [];
  for await (const object of items(client, path, query)) found.push(object);
  return found;
}
