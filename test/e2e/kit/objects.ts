// Cluster API's objects of a Machine: where they are, and as hooks show them.
import { HOOKS_API_VERSION } from '../../../src/api/hooks.ts';
import { isObject, type JsonObject } from '../../../src/api/json.ts';
import { at, text } from '../../../src/kubernetes/fields.ts';
import { machinePath } from '../../../src/steps/api/paths.ts';
import { expectOk } from '../../apiserver/api.ts';
import type { Site } from './site.ts';

/** As they are in the API. */
export interface MachineObjects {
  machine: JsonObject;
  infrastructureMachine: JsonObject;
  bootstrapConfig: JsonObject;
}

export const UPDATE_IN_PROGRESS = 'in-place-updates.internal.cluster.x-k8s.io/update-in-progress';
export const PENDING_HOOKS = 'runtime.cluster.x-k8s.io/pending-hooks';

/** Errors: which of them is not there. */
export async function readMachineObjects(site: Site, name: string): Promise<MachineObjects> {
  const machine = await expectOk(site.api.get(machinePath(site.namespace, name)));
  const read = (key: string) =>
    expectOk(site.api.get(referencedPath(site, at(machine, 'spec', ...key.split('.')))));
  return {
    machine,
    infrastructureMachine: await read('infrastructureRef'),
    bootstrapConfig: await read('bootstrap.configRef'),
  };
}

/** Of the object itself. */
export function pathOf(object: JsonObject): string {
  const [apiVersion, kind] = [text(object, 'apiVersion') ?? '', text(object, 'kind') ?? ''];
  const [namespace, name] = [text(object, 'metadata', 'namespace'), text(object, 'metadata', 'name')];
  return `/apis/${apiVersion}/namespaces/${namespace}/${kind.toLowerCase()}s/${name}`;
}

/** Cluster API takes the version from the CustomResourceDefinition; there is only one here. */
function referencedPath({ namespace }: Site, reference: ReturnType<typeof at>): string {
  const [apiGroup, kind] = [text(reference, 'apiGroup'), text(reference, 'kind') ?? ''];
  const collection = `/apis/${apiGroup}/v1beta2/namespaces/${namespace}/${kind.toLowerCase()}s`;
  return `${collection}/${text(reference, 'name')}`;
}

/** The body that Cluster API sends. Pure. */
export function updateMachineRequest(objects: MachineObjects): JsonObject {
  const desired = Object.fromEntries(
    Object.entries(objects).map(([name, object]) => [name, shown(object as JsonObject)]),
  );
  return { kind: 'UpdateMachineRequest', apiVersion: HOOKS_API_VERSION, desired };
}

/** No status, uid, owners, resourceVersion: Cluster API takes them out. */
function shown(object: JsonObject): JsonObject {
  const { metadata } = object;
  const kept = ['name', 'namespace', 'labels', 'annotations'].flatMap((key) => {
    const value = at(metadata, key);
    return value === undefined ? [] : [[key, value] as const];
  });
  const { apiVersion = '', kind = '', spec } = object;
  return { apiVersion, kind, metadata: Object.fromEntries(kept), spec: isObject(spec) ? spec : {} };
}
