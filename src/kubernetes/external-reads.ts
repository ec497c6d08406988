// An owner, its MachineSets and Machines with their objects and templates, read from the management cluster.
import { badInput, StatusError } from '../api/errors.ts';
import type { MachineSituation, Templates } from '../api/external-desired.ts';
import { OWNER_KINDS, referenceOf, type Ask, type OwnerKind, type Reference } from '../api/external-owner.ts';
import { at, list, text, texts } from '../api/fields.ts';
import { isObject, type JsonObject } from '../api/json.ts';
import {
  CLONED_FROM_NAME_ANNOTATION,
  CLUSTER_NAME_LABEL,
  CONTROL_PLANE_LABEL,
  DEPLOYMENT_NAME_LABEL,
} from '../api/labels.ts';
import type { ApiClient, Query } from './api-client.ts';
import { collections } from './references.ts';

const CAPI_GROUP = 'cluster.x-k8s.io';
const CORE = `/apis/${CAPI_GROUP}/v1beta2`;
const OWNERS: Readonly<Record<OwnerKind, string>> = {
  KubeadmControlPlane: `/apis/controlplane.${CAPI_GROUP}/v1beta2`,
  MachineDeployment: CORE,
};
const PAGE = 100;

export function ownerPath(kind: OwnerKind, namespace: string, name?: string): string {
  const plural = `${kind.toLowerCase()}s`;
  return objectPath(OWNERS[kind], namespace, plural, name);
}

export function machineSetPath(namespace: string, name?: string): string {
  return objectPath(CORE, namespace, 'machinesets', name);
}

export function machinesPath(namespace: string, name?: string): string {
  return objectPath(CORE, namespace, 'machines', name);
}

export function workflowPath(namespace: string, name: string): string {
  return objectPath('/apis/argoproj.io/v1alpha1', namespace, 'workflows', name);
}

/** Errors: BadInput for a kind that is not known. */
export function ownerKind(kind: string): OwnerKind {
  const known = OWNER_KINDS.find((candidate) => candidate === kind);
  if (known === undefined) throw badInput('owner kind', kind, OWNER_KINDS.join(' or '));
  return known;
}

export type ExternalReads = ReturnType<typeof externalReads>;

/** Errors of all: those of the client; BadInput for a kind that nothing serves. */
export function externalReads(client: ApiClient) {
  const collectionOf = collections(client);

  async function read({ apiGroup, kind, name }: Reference, namespace: string): Promise<JsonObject> {
    const path = `${await collectionOf({ apiGroup, kind }, namespace)}/${encodeURIComponent(name)}`;
    return { ...(await client.get(path)), kind };
  }

  async function all(path: string, query: Query): Promise<JsonObject[]> {
    const found: JsonObject[] = [];
    let next: string | undefined;
    do {
      const page = await client.get(path, {
        ...query,
        limit: PAGE,
        ...(next === undefined ? {} : { continue: next }),
      });
      found.push(...list(page, 'items').filter(isObject));
      next = text(page, 'metadata', 'continue');
    } while (next !== undefined);
    return found;
  }

  /** Of a MachineDeployment; none of another owner. */
  async function machineSets(
    ask: Pick<Ask, 'kind' | 'namespace' | 'cluster' | 'uid'>,
  ): Promise<JsonObject[]> {
    if (ask.kind !== 'MachineDeployment') return [];
    const query = { labelSelector: `${CLUSTER_NAME_LABEL}=${ask.cluster}` };
    const sets = await all(machineSetPath(ask.namespace), query);
    return sets.filter((set) => isOwnedBy(set, [ask.uid])).map((set) => ({ kind: 'MachineSet', ...set }));
  }

  /** Of a control plane its own, of a MachineDeployment those of its MachineSets; by name. */
  async function machines(ask: Ask, sets: readonly JsonObject[]): Promise<JsonObject[]> {
    const owners = ask.kind === 'MachineDeployment' ? sets.map(uidOf) : [ask.uid];
    const labelSelector = ask.kind === 'MachineDeployment' ? DEPLOYMENT_NAME_LABEL : CONTROL_PLANE_LABEL;
    const found = await all(machinesPath(ask.namespace), { labelSelector });
    return found
      .filter((machine) => isOwnedBy(machine, owners))
      .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  }

  /** Errors: NotFound when an object or a template that is asked for is not there. */
  async function situation(ask: Ask, machine: JsonObject): Promise<MachineSituation> {
    const { namespace } = ask;
    const bootstrapRef = referenceOf(at(machine, 'spec', 'bootstrap', 'configRef'));
    const infrastructureRef = referenceOf(at(machine, 'spec', 'infrastructureRef'));
    if (!infrastructureRef)
      throw badInput(`Machine ${nameOf(machine)} spec.infrastructureRef`, undefined, 'a reference');
    const bootstrapConfig = bootstrapRef && (await read(bootstrapRef, namespace));
    const infrastructureMachine = await read(infrastructureRef, namespace);
    const bootstrap =
      ask.bootstrapTemplate && bootstrapConfig
        ? await templateSpecs(namespace, ask.bootstrapTemplate, bootstrapConfig)
        : undefined;
    const infrastructure = await templateSpecs(namespace, ask.infrastructureTemplate, infrastructureMachine);
    return {
      machine,
      ...(bootstrapConfig ? { bootstrapConfig } : {}),
      infrastructureMachine,
      templates: { infrastructure, ...(bootstrap ? { bootstrap } : {}) },
    };
  }

  async function templateSpecs(
    namespace: string,
    asked: Reference,
    object: JsonObject,
  ): Promise<Templates['infrastructure']> {
    const to = templateSpec(await read(asked, namespace));
    const name = texts(object, 'metadata', 'annotations')[CLONED_FROM_NAME_ANNOTATION];
    if (name === undefined || name === asked.name) return { to, from: to };
    const from = await orNothing(read({ ...asked, name }, namespace));
    return { to, ...(from ? { from: templateSpec(from) } : {}) };
  }

  return { read, machineSets, machines, situation, pathOf: collectionOf };
}

function templateSpec(template: JsonObject): JsonObject {
  const spec = at(template, 'spec', 'template', 'spec');
  return isObject(spec) ? spec : {};
}

async function orNothing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'NotFound') return undefined;
    throw error;
  }
}

function isOwnedBy(object: JsonObject, uids: readonly string[]): boolean {
  return list(object, 'metadata', 'ownerReferences').some(
    (owner) => at(owner, 'controller') === true && uids.includes(text(owner, 'uid') ?? ''),
  );
}

function uidOf(object: JsonObject): string {
  return text(object, 'metadata', 'uid') ?? '';
}

function nameOf(object: JsonObject): string {
  return text(object, 'metadata', 'name') ?? '';
}

function objectPath(api: string, namespace: string, plural: string, name?: string): string {
  const collection = `${api}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
  return name === undefined ? collection : `${collection}/${encodeURIComponent(name)}`;
}
