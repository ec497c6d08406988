// Objects of the management cluster by kind: where they are in the API, and how they are declared.
import { canonicalJson, type JsonObject } from '../../../src/api/json.ts';
import { shortDigest } from '../../../src/api/names.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { type Answer, expectOk } from '../../apiserver/api.ts';
import { eventually } from '../../helpers/eventually.ts';
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

/**
 * Declares them as a GitOps tool would: what is not said any more is removed, and what is refused for some seconds is
 * tried again. Errors: which one was refused, and why.
 */
export async function declare(site: Site, objects: readonly LabObject[]): Promise<void> {
  for (const object of objects) {
    const what = `${object.kind} ${site.namespace}/${object.metadata.name}`;
    const write = async () => {
      const answer = await attempt(site, object);
      if (isRefusedForNow(answer)) return text(answer.body, 'message') ?? false;
      await expectOk(Promise.resolve(answer));
      return true;
    };
    try {
      await eventually('it is accepted', write, PATIENCE_SECONDS);
    } catch (cause) {
      throw new Error(`${what} not declared`, { cause });
    }
  }
}

/** As long as a rollout of several Machines, one after the other. */
const PATIENCE_SECONDS = 120;

/** Once. */
export function attempt(site: Site, object: LabObject): Promise<Answer> {
  const { apiVersion, kind, metadata } = object;
  const target = `${pathOf(site, { apiVersion, kind }, metadata.name)}?fieldManager=story&force=true`;
  return site.api.patch(target, object, 'apply-patch+yaml');
}

/** While Cluster API moves a Machine, Refit refuses edits of its MachineDeployment. */
export function isRefusedForNow({ status, body }: Answer): boolean {
  return status === 403 && /try again in \d+ seconds/.test(text(body, 'message') ?? '');
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
