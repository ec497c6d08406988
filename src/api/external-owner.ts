// What an owner of Machines asks for, the same for both kinds of owner. Pure.
import { at, list, text, texts } from './fields.ts';
import { badInput } from './errors.ts';
import { isObject, jsonDigest, type JsonObject, type JsonValue } from './json.ts';
import { RELEASE_ANNOTATION } from './labels.ts';
import type { Role } from './steps.ts';
import { parseVersion } from './version.ts';

export const OWNER_KINDS = ['KubeadmControlPlane', 'MachineDeployment'] as const;
export type OwnerKind = (typeof OWNER_KINDS)[number];

export interface Reference {
  apiGroup: string;
  kind: string;
  name: string;
}

export interface Ask {
  kind: OwnerKind;
  role: Role;
  namespace: string;
  name: string;
  uid: string;
  cluster: string;
  replicas: number;
  version: string;
  failureDomain?: string;
  /** Of a KubeadmControlPlane: the configuration itself. */
  kubeadmConfigSpec?: JsonObject;
  /** Of a MachineDeployment: the template of the configuration; absent when its Machines have none. */
  bootstrapTemplate?: Reference;
  infrastructureTemplate: Reference;
  release?: string;
}

export function isOwnerKind(kind: string | undefined): kind is OwnerKind {
  return OWNER_KINDS.some((known) => known === kind);
}

/** Errors: BadInput naming the field that is missing or wrong. */
export function askOf(owner: JsonObject): Ask {
  const kind = text(owner, 'kind');
  if (!isOwnerKind(kind)) throw badInput('owner kind', kind, OWNER_KINDS.join(' or '));
  const what = `${kind} ${text(owner, 'metadata', 'namespace') ?? ''}/${text(owner, 'metadata', 'name') ?? ''}`;
  const isControlPlane = kind === 'KubeadmControlPlane';
  const field = isControlPlane ? 'spec.version' : 'spec.template.spec.version';
  const { version, infrastructure, ...more } = isControlPlane ? controlPlane(owner) : deployment(owner);
  const release = texts(owner, 'metadata', 'annotations')[RELEASE_ANNOTATION];
  const replicas = at(owner, 'spec', 'replicas');
  return {
    kind,
    role: isControlPlane ? 'control-plane' : 'worker',
    namespace: needed(what, 'metadata.namespace', text(owner, 'metadata', 'namespace')),
    name: needed(what, 'metadata.name', text(owner, 'metadata', 'name')),
    uid: needed(what, 'metadata.uid', text(owner, 'metadata', 'uid')),
    cluster: needed(what, 'cluster', clusterNameOf(owner)),
    replicas: typeof replicas === 'number' ? replicas : 1,
    version: `v${parseVersion(version, `${what} ${field}`).raw}`,
    infrastructureTemplate: needed(what, 'infrastructureRef', referenceOf(infrastructure)),
    ...more,
    ...(release === undefined ? {} : { release }),
  };
}

/** As it is written; undefined when it is none. */
export function askedVersion(owner: JsonObject): string | undefined {
  const isControlPlane = text(owner, 'kind') === 'KubeadmControlPlane';
  return isControlPlane ? text(owner, 'spec', 'version') : text(owner, 'spec', 'template', 'spec', 'version');
}

/** A KubeadmControlPlane says it by label and by its owner only. */
export function clusterNameOf(owner: JsonObject): string | undefined {
  return (
    text(owner, 'spec', 'clusterName') ?? text(owner, 'metadata', 'labels', 'cluster.x-k8s.io/cluster-name')
  );
}

/**
 * What of an owner makes its Machines outdated: equal before and after a write that starts nothing. Not a plan: it
 * holds file contents.
 */
export function askDigest(owner: JsonObject): string {
  const spec = at(owner, 'spec');
  const release = texts(owner, 'metadata', 'annotations')[RELEASE_ANNOTATION] ?? null;
  const asked =
    text(owner, 'kind') === 'KubeadmControlPlane'
      ? [
          at(spec, 'version'),
          at(spec, 'kubeadmConfigSpec'),
          at(spec, 'machineTemplate', 'spec', 'infrastructureRef'),
        ]
      : ['version', 'failureDomain', 'bootstrap', 'infrastructureRef'].map((key) =>
          at(spec, 'template', 'spec', key),
        );
  return jsonDigest({ asked: asked.map((value) => value ?? null), release });
}

const ROLLING_OUT = 'RollingOut';
const WORK: readonly string[] = [ROLLING_OUT, 'ScalingUp', 'ScalingDown', 'Remediating'];

/** The condition by which Cluster API says that it changes the owner's Machines; it stands still while the owner is paused. */
export function capiWork(owner: JsonObject): string | undefined {
  // By hand: nothing is done for a Machine that is not up to date.
  const waitsForDeletion = text(owner, 'spec', 'rollout', 'strategy', 'type') === 'OnDelete';
  return list(owner, 'status', 'conditions')
    .filter((condition) => text(condition, 'status') === 'True')
    .map((condition) => text(condition, 'type') ?? '')
    .find((type) => WORK.includes(type) && !(type === ROLLING_OUT && waitsForDeletion));
}

export function referenceOf(value: JsonValue | undefined): Reference | undefined {
  const [apiGroup, kind, name] = ['apiGroup', 'kind', 'name'].map((key) => text(value, key));
  return apiGroup !== undefined && kind !== undefined && name !== undefined
    ? { apiGroup, kind, name }
    : undefined;
}

function controlPlane(owner: JsonObject) {
  const spec = at(owner, 'spec', 'kubeadmConfigSpec');
  return {
    version: text(owner, 'spec', 'version'),
    kubeadmConfigSpec: isObject(spec) ? spec : {},
    infrastructure: at(owner, 'spec', 'machineTemplate', 'spec', 'infrastructureRef'),
  };
}

function deployment(owner: JsonObject) {
  const template = at(owner, 'spec', 'template', 'spec');
  const bootstrapTemplate = referenceOf(at(template, 'bootstrap', 'configRef'));
  const failureDomain = text(template, 'failureDomain');
  return {
    version: text(template, 'version'),
    infrastructure: at(template, 'infrastructureRef'),
    ...(bootstrapTemplate ? { bootstrapTemplate } : {}),
    ...(failureDomain === undefined ? {} : { failureDomain }),
  };
}

function needed<T>(what: string, field: string, value: T | undefined): T {
  if (value === undefined) throw badInput(`${what} ${field}`, value, 'a value');
  return value;
}
