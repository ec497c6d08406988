import { StatusError } from '../../api/errors.ts';
import type { JsonObject } from '../../api/json.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { text } from '../../kubernetes/fields.ts';

export interface Change {
  /** null: removed. */
  annotations: Readonly<Record<string, string | null>>;
  spec?: JsonObject;
}

/** Whoever is first so often fights us: Argo tries again later. */
const MAX_TURNS = 8;

/**
 * Reads the object, and writes what is decided from it, unless somebody else changed it meanwhile: then again.
 * `decide` gives undefined when nothing is to be written. True: written. Errors: those of the client and of `decide`.
 */
export async function change(
  client: ApiClient,
  path: string,
  decide: (object: JsonObject) => Change | undefined,
): Promise<boolean> {
  for (let turn = 1; ; turn += 1) {
    const object = await client.get(path);
    const decided = decide(object);
    if (decided === undefined) return false;
    const { annotations, spec } = decided;
    const resourceVersion = text(object, 'metadata', 'resourceVersion') ?? '';
    try {
      await client.mergePatch(path, {
        metadata: { resourceVersion, annotations },
        ...(spec ? { spec } : {}),
      });
      return true;
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'Conflict' || turn === MAX_TURNS) throw error;
    }
  }
}
