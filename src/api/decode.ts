// Decoding of hook requests: checks what Refit uses, ignores the rest, names the first field that is wrong.
import { badInput, StatusError } from './errors.ts';
import type { HookName, HookObject, MachineObjects, MachineSetObjects, UpdateRequest } from './hooks.ts';
import { HOOKS_API_VERSION } from './hooks.ts';
import type { JsonObject, JsonValue } from './json.ts';
import { isDeeperThan, isObject, member } from './json.ts';
import { parseVersion } from './version.ts';

/** Real requests are about 20 levels deep. */
const MAX_DEPTH = 100;

/** A request's text as JSON. Errors: BadInput, without a word of the text. */
export function parseRequest(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const got = text === '' ? 'nothing' : `${text.length} characters that are not JSON`;
    throw new StatusError(`request: got ${got}, expected a JSON object`, { reason: 'BadInput', cause });
  }
}

/**
 * Decode the body of a CanUpdateMachine, CanUpdateMachineSet or UpdateMachine request.
 * Errors: StatusError BadInput naming field, value and expectation.
 */
export function decodeRequest(body: unknown): UpdateRequest {
  if (!isObject(body)) throw badInput('request', body, 'a JSON object');
  if (isDeeperThan(body, MAX_DEPTH))
    throw badInput('request', body, `at most ${MAX_DEPTH} levels of nesting`);
  decodeEnvelope(body);
  const kind = body['kind'];
  switch (kind) {
    case 'CanUpdateMachineRequest':
      return {
        hook: 'CanUpdateMachine',
        ...sameNames(machineObjects(body, 'current'), machineObjects(body, 'desired')),
      };
    case 'CanUpdateMachineSetRequest':
      return {
        hook: 'CanUpdateMachineSet',
        current: machineSetObjects(body, 'current'),
        desired: machineSetObjects(body, 'desired'),
      };
    case 'UpdateMachineRequest':
      return { hook: 'UpdateMachine', desired: machineObjects(body, 'desired') };
    default:
      throw badInput(
        'kind',
        kind,
        'CanUpdateMachineRequest, CanUpdateMachineSetRequest or UpdateMachineRequest',
      );
  }
}

/** The same, for the request of one hook: the path it came by says which. */
export function decodeRequestOf<H extends UpdateRequest['hook']>(
  hook: H,
  body: unknown,
): Extract<UpdateRequest, { hook: H }> {
  if (isObject(body) && member(body, 'kind') !== `${hook}Request`) {
    throw badInput('kind', member(body, 'kind'), `${hook}Request`);
  }
  return decodeRequest(body) as Extract<UpdateRequest, { hook: H }>;
}

/**
 * The Cluster that a request is about, before anything else of it is checked: requests of Clusters that did not
 * opt in are answered whatever they hold.
 */
export function decodeCluster(body: unknown): { namespace: string; name: string } {
  if (!isObject(body)) throw badInput('request', body, 'a JSON object');
  const desired = section(member(body, 'desired'), 'desired');
  const name = isObject(member(desired, 'machineSet')) ? 'machineSet' : 'machine';
  const owner = section(member(desired, name), `desired.${name}`);
  const metadata = section(member(owner, 'metadata'), `desired.${name}.metadata`);
  const spec = section(member(owner, 'spec'), `desired.${name}.spec`);
  return {
    namespace: objectName(metadata, `desired.${name}.metadata.namespace`, 'namespace'),
    name: objectName(spec, `desired.${name}.spec.clusterName`, 'clusterName'),
  };
}

/** `namespace/name` of the Machine or MachineSet that a request is about, for logs; undefined when it names none. */
export function subjectOf(body: unknown): string | undefined {
  const desired = isObject(body) ? member(body, 'desired') : undefined;
  const metadata = member(member(desired, 'machine') ?? member(desired, 'machineSet'), 'metadata');
  const names = [member(metadata, 'namespace'), member(metadata, 'name')];
  return names.every((name) => typeof name === 'string') ? names.join('/').slice(0, 200) : undefined;
}

export function decodeDiscovery(body: unknown): void {
  if (!isObject(body)) throw badInput('request', body, 'a JSON object');
  decodeEnvelope(body);
  const hook: HookName = 'Discovery';
  if (body['kind'] !== `${hook}Request`) throw badInput('kind', member(body, 'kind'), `${hook}Request`);
}

function decodeEnvelope(body: JsonObject): void {
  const apiVersion = member(body, 'apiVersion');
  if (apiVersion !== HOOKS_API_VERSION) throw badInput('apiVersion', apiVersion, HOOKS_API_VERSION);
}

function machineObjects(body: JsonObject, side: 'current' | 'desired'): MachineObjects {
  const machine = object(body, side, 'machine', 'Machine');
  objectName(machine.spec, `${side}.machine.spec.clusterName`, 'clusterName');
  parseVersion(member(machine.spec, 'version'), `${side}.machine.spec.version`);
  const bootstrapConfig = optionalObject(body, side, 'bootstrapConfig');
  return {
    machine,
    infrastructureMachine: object(body, side, 'infrastructureMachine'),
    ...(bootstrapConfig ? { bootstrapConfig } : {}),
  };
}

function machineSetObjects(body: JsonObject, side: 'current' | 'desired'): MachineSetObjects {
  const machineSet = object(body, side, 'machineSet', 'MachineSet');
  const spec = templateSpec(machineSet, `${side}.machineSet`);
  objectName(machineSet.spec, `${side}.machineSet.spec.clusterName`, 'clusterName');
  parseVersion(member(spec, 'version'), `${side}.machineSet.spec.template.spec.version`);
  const infrastructureMachineTemplate = object(body, side, 'infrastructureMachineTemplate');
  templateSpec(infrastructureMachineTemplate, `${side}.infrastructureMachineTemplate`);
  const bootstrapConfigTemplate = optionalObject(body, side, 'bootstrapConfigTemplate');
  if (bootstrapConfigTemplate) templateSpec(bootstrapConfigTemplate, `${side}.bootstrapConfigTemplate`);
  return {
    machineSet,
    infrastructureMachineTemplate,
    ...(bootstrapConfigTemplate ? { bootstrapConfigTemplate } : {}),
  };
}

/** CAPI asks about one Machine: its name and namespace are the same on both sides. */
function sameNames(current: MachineObjects, desired: MachineObjects) {
  for (const key of ['name', 'namespace'] as const) {
    const want = current.machine.metadata[key];
    const got = desired.machine.metadata[key];
    if (got !== want) throw badInput(`desired.machine.metadata.${key}`, got, `${want} as in current`);
  }
  return { current, desired };
}

function optionalObject(body: JsonObject, side: string, name: string): HookObject | undefined {
  const value = member(member(body, side), name);
  return value === undefined || value === null ? undefined : object(body, side, name);
}

function object(body: JsonObject, side: string, name: string, kind?: string): HookObject {
  const field = `${side}.${name}`;
  const container = section(member(body, side), side);
  const value = section(member(container, name), field);
  const gotKind = text(value, `${field}.kind`, 'kind');
  if (kind !== undefined && gotKind !== kind) throw badInput(`${field}.kind`, gotKind, kind);
  const metadata = section(member(value, 'metadata'), `${field}.metadata`);
  return {
    apiVersion: text(value, `${field}.apiVersion`, 'apiVersion'),
    kind: gotKind,
    metadata: {
      name: objectName(metadata, `${field}.metadata.name`, 'name'),
      namespace: objectName(metadata, `${field}.metadata.namespace`, 'namespace'),
      labels: texts(member(metadata, 'labels'), `${field}.metadata.labels`),
      annotations: texts(member(metadata, 'annotations'), `${field}.metadata.annotations`),
    },
    spec: section(member(value, 'spec'), `${field}.spec`),
  };
}

function templateSpec(object: HookObject, field: string): JsonObject {
  const template = section(member(object.spec, 'template'), `${field}.spec.template`);
  return section(member(template, 'spec'), `${field}.spec.template.spec`);
}

function section(value: JsonValue | undefined, field: string): JsonObject {
  if (!isObject(value)) throw badInput(field, value, 'an object');
  return value;
}

function text(from: JsonObject, field: string, key: string): string {
  const value = member(from, key);
  if (typeof value !== 'string' || value === '') throw badInput(field, value, 'a non-empty string');
  return value;
}

/** Names go into Workflow parameters and host paths: only what Kubernetes itself allows in an object's name. */
function objectName(from: JsonObject, field: string, key: string): string {
  const value = text(from, field, key);
  if (value.length > 253 || !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(value)) {
    throw badInput(field, value, 'a Kubernetes object name (lower-case letters, digits, "-", ".")');
  }
  return value;
}

function texts(value: JsonValue | undefined, field: string): Record<string, string> {
  if (value === undefined || value === null) return {};
  for (const [key, item] of Object.entries(section(value, field))) {
    if (typeof item !== 'string') throw badInput(`${field}[${JSON.stringify(key)}]`, item, 'a string');
  }
  return value as Record<string, string>;
}
