import { StatusError } from '../../../src/api/errors.ts';
import { isObject, type JsonObject } from '../../../src/api/json.ts';
import type { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { text } from '../../../src/kubernetes/fields.ts';

const MAX_TURNS = 20;

/**
 * Reads the object and writes what `decide` makes of it, again when somebody else was first; undefined: nothing to write.
 * Gives the object as it is then. `write`: a merge patch, unless it is something else.
 */
export async function amend(
  client: ApiClient,
  path: string,
  decide: (object: JsonObject) => JsonObject | undefined,
  write: (path: string, body: JsonObject) => Promise<JsonObject> = (to, body) => client.mergePatch(to, body),
): Promise<JsonObject> {
  for (let turn = 1; ; turn += 1) {
    const object = await client.get(path);
    const patch = decide(object);
    if (patch === undefined) return object;
    const resourceVersion = text(object, 'metadata', 'resourceVersion') ?? '';
    const metadata = isObject(patch['metadata']) ? patch['metadata'] : {};
    try {
      return await write(path, { ...patch, metadata: { ...metadata, resourceVersion } });
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'Conflict' || turn === MAX_TURNS) throw error;
    }
  }
}
