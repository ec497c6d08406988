import { text, texts, at } from '../api/fields.ts';
import type { HookObject } from '../api/hooks.ts';
import { isObject, type JsonObject } from '../api/json.ts';

/** An object of the API as Cluster API would send it to a hook. */
export function hookObject(object: JsonObject): HookObject {
  const spec = at(object, 'spec');
  return {
    apiVersion: text(object, 'apiVersion') ?? '',
    kind: text(object, 'kind') ?? '',
    metadata: {
      name: text(object, 'metadata', 'name') ?? '',
      namespace: text(object, 'metadata', 'namespace') ?? '',
      labels: texts(object, 'metadata', 'labels'),
      annotations: texts(object, 'metadata', 'annotations'),
    },
    spec: isObject(spec) ? spec : {},
  };
}
