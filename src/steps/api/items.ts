import { isObject, type JsonObject } from '../../api/json.ts';
import type { ApiClient, Query } from '../../kubernetes/api-client.ts';
import { list, text } from '../../kubernetes/fields.ts';

/** Pods with everything in them have 10 KiB and more. */
const PAGE = 100;

/** The objects of a collection, page by page: whoever has seen enough stops. */
export async function* items(client: ApiClient, path: string, query: Query = {}): AsyncGenerator<JsonObject> {
  let page: JsonObject | undefined;
  do {
    const next = text(page, 'metadata', 'continue');
    page = await client.get(path, {
      ...query,
      limit: PAGE,
      ...(next === undefined ? {} : { continue: next }),
    });
    for (const item of list(page, 'items')) if (isObject(item)) yield item;
  } while (text(page, 'metadata', 'continue') !== undefined);
}
