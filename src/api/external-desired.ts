// What the objects of one Machine must become so that Cluster API finds them up to date with their owner. Pure.
import semver from 'semver';
import { desiredHash, joinVariant } from './desired-hash.ts';
import { badInput } from './errors.ts';
import type { Ask, Reference } from './external-owner.ts';
import { at, text, texts, without } from './fields.ts';
import type { HookObject } from './hooks.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { CLONED_FROM_KIND_ANNOTATION, CLONED_FROM_NAME_ANNOTATION } from './labels.ts';
import { applyMergePatch, mergePatchBetween } from './merge-patch.ts';

/** As they are in the API. */
export interface MachineSituation {
  machine: JsonObject;
  /** Absent when the Machine has none. */
  bootstrapConfig?: JsonObject;
  infrastructureMachine: JsonObject;
  templates: Templates;
}

/** spec.template.spec of the templates that the owner names, and of those that the Machine was made from, if still there. */
export interface Templates {
  infrastructure: TemplateSpecs;
  /** Of MachineDeployments. */
  bootstrap?: TemplateSpecs;
}

interface TemplateSpecs {
  to: JsonObject;
  from?: JsonObject;
}

/** Merge patches; empty: nothing to change. */
export interface MachinePatches {
  machine: JsonObject;
  bootstrapConfig: JsonObject;
  infrastructureMachine: JsonObject;
}

/** Errors: BadInput when something cannot be compared because a template is gone. */
export function machinePatches(ask: Ask, now: MachineSituation): MachinePatches {
  const { templates } = now;
  return {
    machine: mergePatchBetween(versionOf(now.machine), {
      spec: {
        version: ask.version,
        // A control plane never moves its Machines; where a worker should be is said by its owner.
        ...(ask.role === 'worker' && ask.failureDomain !== undefined
          ? { failureDomain: ask.failureDomain }
          : {}),
      },
    }),
    bootstrapConfig: now.bootstrapConfig ? bootstrapPatch(ask, now.bootstrapConfig, templates) : {},
    infrastructureMachine: clonedPatch(
      now.infrastructureMachine,
      ask.infrastructureTemplate,
      templates.infrastructure,
    ),
  };
}

/** The situation after the patches. */
export function patched(now: MachineSituation, patches: MachinePatches): MachineSituation {
  return {
    templates: now.templates,
    machine: applyMergePatch(now.machine, patches.machine),
    infrastructureMachine: applyMergePatch(now.infrastructureMachine, patches.infrastructureMachine),
    ...(now.bootstrapConfig
      ? { bootstrapConfig: applyMergePatch(now.bootstrapConfig, patches.bootstrapConfig) }
      : {}),
  };
}

/** Of what a step meets on a Machine, before and after. Only kinds and specs are hashed. */
export function situationHash({ machine, bootstrapConfig }: MachineSituation): string {
  const hashed = (object: JsonObject): HookObject => ({
    apiVersion: '',
    kind: text(object, 'kind') ?? '',
    metadata: { name: '', namespace: '', labels: {}, annotations: {} },
    spec: specOf(object),
  });
  const config = bootstrapConfig && { bootstrapConfig: hashed(bootstrapConfig) };
  return desiredHash({ hook: 'UpdateMachine', desired: { machine: hashed(machine), ...config } });
}

/** Would Cluster API leave the Machine alone? */
export function isUpToDate(ask: Ask, now: MachineSituation): boolean {
  return Object.values(machinePatches(ask, now)).every(
    (patch: JsonObject) => Object.keys(patch).length === 0,
  );
}

/** Does an object come from another template than the one that is asked for? CAPI ignores objects that do not say. */
function isFromOther(object: JsonObject, template: Reference): boolean {
  const annotations = texts(object, 'metadata', 'annotations');
  const [name, kind] = [annotations[CLONED_FROM_NAME_ANNOTATION], annotations[CLONED_FROM_KIND_ANNOTATION]];
  if (name === undefined || kind === undefined) return false;
  return name !== template.name || kind !== groupKindOf(template);
}

function versionOf(machine: JsonObject): JsonObject {
  const spec: JsonObject = {};
  for (const key of ['version', 'failureDomain']) {
    const value = text(machine, 'spec', key);
    if (value !== undefined) spec[key] = value;
  }
  return { spec };
}

function bootstrapPatch(ask: Ask, config: JsonObject, templates: Templates): JsonObject {
  if (ask.kubeadmConfigSpec)
    return controlPlaneConfigPatch(ask.kubeadmConfigSpec, ask.version, specOf(config));
  if (!ask.bootstrapTemplate || !templates.bootstrap) return {};
  return clonedPatch(config, ask.bootstrapTemplate, templates.bootstrap);
}

/** Only what differs between the two templates is brought to the object: its controller has filled other fields in. */
function clonedPatch(object: JsonObject, template: Reference, { from, to }: TemplateSpecs) {
  if (!isFromOther(object, template)) return {};
  const annotations = texts(object, 'metadata', 'annotations');
  const before = annotations[CLONED_FROM_NAME_ANNOTATION] ?? '';
  if (!from) {
    throw badInput(
      `${text(object, 'kind') ?? 'object'} ${text(object, 'metadata', 'name') ?? ''}: template ${before} that it was made from`,
      undefined,
      'to find it, to know what differs',
    );
  }
  const spec = mergePatchBetween(
    specOf(object),
    applyMergePatch(specOf(object), mergePatchBetween(from, to)),
  );
  return {
    metadata: {
      annotations: {
        [CLONED_FROM_NAME_ANNOTATION]: template.name,
        [CLONED_FROM_KIND_ANNOTATION]: groupKindOf(template),
      },
    },
    ...(Object.keys(spec).length > 0 ? { spec } : {}),
  };
}

/**
 * As the control-plane provider does it: always the variant of a machine that joins. What it never compares, or
 * somebody filled in, stays.
 */
function controlPlaneConfigPatch(asked: JsonObject, version: string, current: JsonObject): JsonObject {
  const isInit = at(current, 'joinConfiguration', 'controlPlane') === undefined;
  if (isInit && isSame(current, askedOfFirst(asked, version))) return {};
  const desired = askedOfJoining(asked, version);
  const joined = isInit ? joinVariant(current) : current;
  const caCertPath = at(desired, 'joinConfiguration', 'caCertPath');
  // `kubeadm init` has none: it never makes that machine outdated.
  if (isInit && caCertPath !== undefined) put(joined, ['joinConfiguration', 'caCertPath'], caCertPath);
  if (isSame(joined, desired)) return {};
  return { spec: mergePatchBetween(current, withKept(joined, desired)) };
}

function askedOfJoining(asked: JsonObject, version: string): JsonObject {
  const join = objectAt(asked, 'joinConfiguration');
  return {
    ...withLocalMode(without(asked, 'initConfiguration'), version),
    joinConfiguration: { ...join, controlPlane: objectAt(join, 'controlPlane') },
  };
}

function askedOfFirst(asked: JsonObject, version: string): JsonObject {
  return withLocalMode(without(asked, 'joinConfiguration'), version);
}

/** Fields that Cluster API itself fills in or never compares. */
const KEPT: readonly (readonly string[])[] = [
  ['clusterConfiguration', 'controlPlaneEndpoint'],
  ['clusterConfiguration', 'dns'],
  ['joinConfiguration', 'discovery'],
  ['joinConfiguration', 'timeouts', 'controlPlaneComponentHealthCheckSeconds'],
  ['initConfiguration', 'timeouts', 'controlPlaneComponentHealthCheckSeconds'],
];

/** Values that an absent field once was given, so that both mean the same. */
const USUAL: readonly (readonly [readonly string[], string])[] = [
  [['format'], 'cloud-config'],
  [['joinConfiguration', 'nodeRegistration', 'imagePullPolicy'], 'IfNotPresent'],
  [['initConfiguration', 'nodeRegistration', 'imagePullPolicy'], 'IfNotPresent'],
];

/** What of a configuration counts. */
function compared(spec: JsonObject): JsonObject {
  const counting = { ...spec };
  for (const path of KEPT) remove(counting, path);
  for (const [path, usual] of USUAL) if (at(spec, ...path) === usual) remove(counting, path);
  return withoutEmpty(counting);
}

/** What does not count stays as it is. An object that would be empty is refused by the API, so nothing is taken out. */
function withKept(current: JsonObject, desired: JsonObject): JsonObject {
  const result = { ...desired };
  const usual = USUAL.filter(([path, value]) =>
    [current, desired].every((spec) => (at(spec, ...path) ?? value) === value),
  );
  for (const path of [...KEPT, ...usual.map(([path]) => path)]) {
    const value = at(current, ...path);
    if (value !== undefined) put(result, path, value);
  }
  return result;
}

function isSame(current: JsonObject, desired: JsonObject): boolean {
  return Object.keys(mergePatchBetween(compared(current), compared(desired))).length === 0;
}

/** Empty lists and maps mean nothing, except empty taints. */
function withoutEmpty(object: JsonObject): JsonObject {
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(object)) {
    const kept = isObject(value) ? withoutEmpty(value) : value;
    const isEmpty = typeof kept === 'object' && kept !== null && Object.keys(kept).length === 0;
    if (!isEmpty || key === 'taints' || key === 'controlPlane') result[key] = kept;
  }
  return result;
}

const LOCAL_MODE = 'ControlPlaneKubeletLocalMode';

/** The provider switches it on where it exists and was not chosen. */
export function withLocalMode(spec: JsonObject, version: string): JsonObject {
  const { major, minor } = semver.parse(version) ?? { major: 0, minor: 0 };
  const gates = objectAt(spec, 'clusterConfiguration', 'featureGates');
  const exists = major === 1 && minor >= 31 && minor < 36;
  if (!exists || Object.hasOwn(gates, LOCAL_MODE)) return spec;
  const featureGates = { ...gates, [LOCAL_MODE]: true };
  return { ...spec, clusterConfiguration: { ...objectAt(spec, 'clusterConfiguration'), featureGates } };
}

function specOf(object: JsonObject): JsonObject {
  return objectAt(object, 'spec');
}

function objectAt(value: JsonObject, ...keys: string[]): JsonObject {
  const found = at(value, ...keys);
  return isObject(found) ? found : {};
}

/** On the way objects are copied: those of the owner are not ours to change. */
function put(target: JsonObject, [key = '', ...rest]: readonly string[], value: JsonValue): void {
  if (rest.length === 0) {
    target[key] = value;
    return;
  }
  const nested = { ...objectAt(target, key) };
  target[key] = nested;
  put(nested, rest, value);
}

function remove(target: JsonObject, [key = '', ...rest]: readonly string[]): void {
  if (!Object.hasOwn(target, key)) return;
  if (rest.length === 0) {
    delete target[key];
    return;
  }
  const nested = { ...objectAt(target, key) };
  target[key] = nested;
  remove(nested, rest);
}

/** As CAPI writes it: `KubeadmConfigTemplate.bootstrap.cluster.x-k8s.io`. */
function groupKindOf({ apiGroup, kind }: Reference): string {
  return `${kind}.${apiGroup}`;
}
