// The KubeadmConfig of a control-plane Machine against what its KubeadmControlPlane asks, compared as Cluster API does. Pure.
import semver from 'semver';
import { isOfInit, joinVariant } from './desired-hash.ts';
import { at, without } from './fields.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { mergePatchBetween } from './merge-patch.ts';

/**
 * As the control-plane provider does it: always the variant of a machine that joins. What it never compares, or
 * somebody filled in, stays.
 */
export function controlPlaneConfigPatch(asked: JsonObject, version: string, current: JsonObject): JsonObject {
  const isInit = isOfInit(current);
  if (isInit && isSame(current, askedOfFirst(asked, version))) return {};
  const desired = askedOfJoining(asked, version);
  const joined = isInit ? joinVariant(current) : current;
  const caCertPath = at(desired, 'joinConfiguration', 'caCertPath');
  // `kubeadm init` has none: it never makes that machine outdated.
  if (isInit && caCertPath !== undefined) put(joined, ['joinConfiguration', 'caCertPath'], caCertPath);
  if (isSame(joined, desired)) return {};
  return { spec: mergePatchBetween(current, withKept(joined, desired)) };
}

/** Cluster API 1.11 did not always say that a machine joins as control plane; that is no difference to be judged. */
export function asJoined(spec: JsonObject): JsonObject {
  return isOfInit(spec) ? joinVariant(spec) : asControlPlane(spec);
}

function askedOfJoining(asked: JsonObject, version: string): JsonObject {
  return asControlPlane(withLocalMode(without(asked, 'initConfiguration'), version));
}

function asControlPlane(spec: JsonObject): JsonObject {
  const join = objectAt(spec, 'joinConfiguration');
  return { ...spec, joinConfiguration: { ...join, controlPlane: objectAt(join, 'controlPlane') } };
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
