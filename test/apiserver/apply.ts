// Server-side apply of any manifest: it refuses fields that the schema does not have.
import type { JsonObject } from '../../src/api/json.ts';
import { list, text } from '../../src/kubernetes/fields.ts';
import { type Api, expectOk } from './api.ts';

const FIELD_MANAGER = '?fieldManager=refit-test&force=true';

/** One after the other; returns what the server made of them. Errors: which one it refused, and why. */
export type Apply = (manifests: readonly JsonObject[]) => Promise<JsonObject[]>;

export function applyTo(api: Api): Apply {
  /** apiVersion -> what is served there; asked once. */
  const served = new Map<string, Promise<JsonObject>>();

  async function collection(manifest: JsonObject, kind: string): Promise<string> {
    const apiVersion = text(manifest, 'apiVersion') ?? '';
    const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const answer = served.get(root) ?? expectOk(api.get(root));
    served.set(root, answer);
    const plural = list(await answer, 'resources')
      .filter((resource) => text(resource, 'kind') === kind)
      .map((resource) => text(resource, 'name') ?? '')
      .find((resource) => !resource.includes('/'));
    if (plural === undefined) throw new Error(`${apiVersion} ${kind}: not served`);
    const namespace = text(manifest, 'metadata', 'namespace');
    return namespace === undefined ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`;
  }

  return async (manifests) => {
    const made: JsonObject[] = [];
    for (const manifest of manifests) {
      const [kind, name] = [text(manifest, 'kind') ?? '', text(manifest, 'metadata', 'name') ?? ''];
      try {
        const target = `${await collection(manifest, kind)}/${name}${FIELD_MANAGER}`;
        made.push(await expectOk(api.patch(target, manifest, 'apply-patch+yaml')));
      } catch (cause) {
        throw new Error(`${kind} ${name} not applied`, { cause });
      }
    }
    return made;
  };
}
