// Objects of the management cluster by kind: where they are in the API, and how they are declared.
import { canonicalJson, type JsonObject } from '../../../src/api/json.ts';
import { shortDigest } from '../../../src/api/names.ts';
import { expectOk } from '../../apiserver/api.ts';
import type { Site } from './site.ts';

export interface LabObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: JsonObject;
  data?: Record<string, string>;
  stringData?: Record<string, string>;
}

export const API = {
  core: 'v1',
  cluster: 'cluster.x-k8s.io/v1beta2',
  bootstrap: 'bootstrap.cluster.x-k8s.io/v1beta2',
  controlPlane: 'controlplane.cluster.x-k8s.io/v1beta2',
  infrastructure: 'infrastructure.cluster.x-k8s.io/v1beta2',
};

/** Declares them as a GitOps tool would: what is not said any more is removed. Errors: which one was refused, and why. */
export async function declare(site: Site, objects: readonly LabObject[]): Promise<void> {
  for (const object of objects) {
    const { apiVersion, kind, metadata } = object;
    const target = `${pathOf(site, { apiVersion, kind }, metadata.name)}?fieldManager=story&force=true`;
    try {
      await expectOk(site.api.patch(target, object, 'apply-patch+yaml'));
    } catch (cause) {
      throw new Error(`${kind} ${site.namespace}/${metadata.name} not declared`, { cause });
    }
  }
}

/** Without a name: the collection. */
export function pathOf(
  { namespace }: Site,
  { apiVersion, kind }: { apiVersion: string; kind: string },
  name?: string,
): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const singular = kind.toLowerCase();
  const plural = singular.endsWith('s') ? `${singular}es` : `${singular}s`;
  return `${root}/namespaces/${namespace}/${plural}${name === undefined ? '' : `/${name}`}`;
}

/** As other objects' specs name it. */
export function referenceTo({ apiVersion, kind, metadata: { name } }: LabObject): JsonObject {
  return { apiGroup: apiVersion.split('/')[0] ?? '', kind, name };
}

/** Templates cannot be changed: each content has a name of its own, and the same content the same name again. */
export function nameOfContent(name: string, content: JsonObject): string {
  return `${name}-${shortDigest(canonicalJson(content), 6)}`;
}
