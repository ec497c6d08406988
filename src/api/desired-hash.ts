// The identity of a desired state: equal for what CanUpdate and UpdateMachine show of one change.
import { badInput } from './errors.ts';
import { templateSpec, type CanUpdateRequest, type MachineObjects } from './hooks.ts';
import { isObject, jsonDigest, member, type JsonObject, type JsonValue } from './json.ts';

/** Raise it when the list below changes: then every Machine's next update is a new operation. */
const HASH_VERSION = 'v1';

/**
 * Hashed fields of a KubeadmConfig's spec. Left out: what CAPI shows only on one side of a change or fills in
 * by itself (controlPlaneEndpoint, dns, discovery with its token, timeouts,
 * format, imagePullPolicy), and every field of
 * the infrastructure machine: its controller fills those in, and no step applies them on the node.
 */
const BOOTSTRAP_FIELDS: readonly (readonly string[])[] = [
  ...[
    'apiServer',
    'controllerManager',
    'scheduler',
    'etcd',
    'imageRepository',
    'featureGates',
    'certificatesDir',
    'certificateValidityPeriodDays',
    'caCertificateValidityPeriodDays',
    'encryptionAlgorithm',
  ].map((field) => ['clusterConfiguration', field]),
  ...['name', 'criSocket', 'taints', 'kubeletExtraArgs', 'ignorePreflightErrors', 'imagePullSerial'].map(
    (field) => ['joinConfiguration', 'nodeRegistration', field],
  ),
  ...['controlPlane', 'caCertPath', 'skipPhases', 'patches'].map((field) => ['joinConfiguration', field]),
  ...[
    'files',
    'users',
    'ntp',
    'diskSetup',
    'mounts',
    'bootCommands',
    'preKubeadmCommands',
    'postKubeadmCommands',
    'ignition',
    'verbosity',
  ].map((field) => [field]),
];

/** A request, or what the objects of a Machine are now. */
type Hashed =
  CanUpdateRequest | { hook: 'UpdateMachine'; desired: Omit<MachineObjects, 'infrastructureMachine'> };

/** 16 hex digits after the list's version, like `v1-0123456789abcdef`; not reversible, holds no secret. */
export function desiredHash(request: Hashed): string {
  const { version, failureDomain, bootstrap } = desiredState(request);
  const fields: JsonObject = { version: version ?? null, failureDomain: failureDomain ?? null };
  if (bootstrap) {
    const spec = foldInit(bootstrap.spec);
    fields['kind'] = bootstrap.kind.replace(/Template$/, '');
    for (const path of BOOTSTRAP_FIELDS) {
      const value = withoutEmpty(path.reduce<JsonValue | undefined>(member, spec));
      if (value !== undefined) fields[path.join('.')] = value;
    }
  }
  return `${HASH_VERSION}-${jsonDigest(fields).slice(0, 16)}`;
}

/** The Kubernetes version that is asked for. Decoding has checked it. */
export function desiredVersion(request: Hashed): string {
  const { version } = desiredState(request);
  if (typeof version !== 'string') throw badInput('spec.version', version, 'a version like v1.34.3');
  return version;
}

interface DesiredState {
  version: JsonValue | undefined;
  failureDomain: JsonValue | undefined;
  bootstrap?: { kind: string; spec: JsonObject };
}

function desiredState(request: Hashed): DesiredState {
  if (request.hook === 'CanUpdateMachineSet') {
    const { machineSet, bootstrapConfigTemplate } = request.desired;
    return state(
      templateSpec(machineSet),
      bootstrapConfigTemplate?.kind,
      templateSpec(bootstrapConfigTemplate),
    );
  }
  const { machine, bootstrapConfig } = request.desired;
  return state(machine.spec, bootstrapConfig?.kind, bootstrapConfig?.spec);
}

function state(machine: JsonObject | undefined, kind?: string, spec?: JsonObject): DesiredState {
  return {
    version: member(machine, 'version'),
    failureDomain: member(machine, 'failureDomain'),
    ...(kind !== undefined && spec ? { bootstrap: { kind, spec } } : {}),
  };
}

/**
 * The first control-plane machine was made by `kubeadm init`. Timeouts alone do not make it one that joined: they come
 * from the conversion of older objects.
 */
export function isOfInit(spec: JsonObject): boolean {
  const join = member(spec, 'joinConfiguration');
  return !isObject(join) || Object.keys(join).every((key) => key === 'timeouts');
}

/** CAPI compares it as if it had joined. */
export function foldInit(spec: JsonObject): JsonObject {
  return isOfInit(spec) && isObject(member(spec, 'initConfiguration')) ? joinVariant(spec) : spec;
}

const CARRIED_OVER = ['nodeRegistration', 'skipPhases', 'patches', 'timeouts'];

/** What was given to `kubeadm init` as it would be given to a control-plane machine that joins. */
export function joinVariant({ initConfiguration, ...others }: JsonObject): JsonObject {
  const init = isObject(initConfiguration) ? initConfiguration : {};
  const carried = Object.entries(init).filter(([key]) => CARRIED_OVER.includes(key));
  const { localAPIEndpoint } = init;
  const controlPlane: JsonObject = localAPIEndpoint === undefined ? {} : { localAPIEndpoint };
  return { ...others, joinConfiguration: { ...Object.fromEntries(carried), controlPlane } };
}

/** CAPI takes nil and empty lists and maps of a KubeadmConfig for the same thing. */
function withoutEmpty(value: JsonValue | undefined): JsonValue | undefined {
  if (value === undefined || value === null) return undefined;
  if (Array.isArray(value))
    return value.length === 0 ? undefined : value.map((item) => withoutEmpty(item) ?? null);
  if (!isObject(value)) return value;
  const kept = Object.entries(value)
    .map(([key, item]) => [key, withoutEmpty(item)] as const)
    .filter((entry): entry is [string, JsonValue] => entry[1] !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}
