// Values as they may be shown: in clear only where they are known to be harmless, else as a digest.
import { hash } from 'node:crypto';
import { canonicalJson, isObject, member, type JsonValue } from '../api/json.ts';
import type { Key } from './entry-names.ts';
import type { FieldDifference } from './differences.ts';

/** true: so is everything beneath unless its name says otherwise; 'argument': unless the argument's name does. */
type Harmless = true | 'argument' | { readonly [field: string]: Harmless };

/** Stands for every index of a list. */
const EACH = '[]';

const ARGUMENTS: Harmless = { [EACH]: { name: true, value: 'argument' } };
const ENVIRONMENT: Harmless = {
  [EACH]: {
    name: true,
    valueFrom: {
      secretKeyRef: { name: true, key: true },
      configMapKeyRef: true,
      fieldRef: true,
      fileKeyRef: true,
      resourceFieldRef: true,
    },
  },
};
const COMPONENT = { extraArgs: ARGUMENTS, extraEnvs: ENVIRONMENT, extraVolumes: true } as const;
const SECRET_REFERENCE: Harmless = { secret: { name: true, key: true } };
const NODE = {
  nodeRegistration: {
    name: true,
    criSocket: true,
    taints: true,
    kubeletExtraArgs: ARGUMENTS,
    ignorePreflightErrors: true,
    imagePullPolicy: true,
    imagePullSerial: true,
  },
  localAPIEndpoint: true,
  skipPhases: true,
  patches: true,
  timeouts: true,
} as const;

/** Fields of a KubeadmConfig's spec; whatever is not here (contents, tokens, commands, unknown fields) is secret. */
const HARMLESS_BOOTSTRAP: Harmless = {
  clusterConfiguration: {
    apiServer: { ...COMPONENT, certSANs: true },
    controllerManager: COMPONENT,
    scheduler: COMPONENT,
    etcd: {
      local: {
        imageRepository: true,
        imageTag: true,
        dataDir: true,
        serverCertSANs: true,
        peerCertSANs: true,
        extraArgs: ARGUMENTS,
        extraEnvs: ENVIRONMENT,
      },
      external: true,
    },
    dns: true,
    featureGates: true,
    imageRepository: true,
    controlPlaneEndpoint: true,
    certificatesDir: true,
    certificateValidityPeriodDays: true,
    caCertificateValidityPeriodDays: true,
    encryptionAlgorithm: true,
  },
  initConfiguration: NODE,
  joinConfiguration: { ...NODE, controlPlane: true, caCertPath: true },
  files: {
    [EACH]: {
      path: true,
      owner: true,
      permissions: true,
      encoding: true,
      contentFormat: true,
      append: true,
      contentFrom: SECRET_REFERENCE,
    },
  },
  users: {
    [EACH]: {
      name: true,
      gecos: true,
      groups: true,
      primaryGroup: true,
      homeDir: true,
      shell: true,
      sudo: true,
      inactive: true,
      lockPassword: true,
      passwdFrom: SECRET_REFERENCE,
    },
  },
  ntp: { enabled: true, servers: true },
  diskSetup: true,
  format: true,
  verbosity: true,
};

const SENSITIVE_NAME =
  /passw|passphrase|pwd|token|secret|credential|private.?key|api.?key|access.?key|user.?data/i;
/** Credentials in a URL; a bootstrap token. */
const SENSITIVE_VALUE = /\/\/[^/\s]*@|\b[a-z0-9]{6}\.[a-z0-9]{16}\b/;
/** Longer strings are not settings but documents. */
const MAX_CLEAR = { machine: 253, infrastructure: 128, bootstrap: 1024 } as const;

/** The two sides of a difference as they may be shown. */
export function shownSides(difference: FieldDifference): { from?: JsonValue; to?: JsonValue } {
  const shown: { from?: JsonValue; to?: JsonValue } = {};
  for (const side of ['from', 'to'] as const) {
    const value = difference[side];
    if (value !== undefined) shown[side] = redact(value, placeOf(difference, side));
  }
  return shown;
}

interface Place {
  part: FieldDifference['part'];
  /** undefined: secret. */
  harmless: Harmless | undefined;
  /** Of the nearest object that has a name: an argument, an environment variable. */
  name: string;
}

function placeOf({ part, path, keys, entry }: FieldDifference, side: 'from' | 'to'): Place {
  const start: Place = {
    part,
    harmless: part === 'bootstrap' && path !== '' ? HARMLESS_BOOTSTRAP : true,
    name: '',
  };
  const name = nameOf(entry?.[side]);
  return keys.reduce((place, key) => within(place, key, name), start);
}

function within({ part, harmless, name }: Place, key: Key, ownName: string): Place {
  const place = { part, name: ownName || name };
  const field = typeof key === 'number' ? EACH : key;
  if (typeof harmless === 'object') {
    return { ...place, harmless: Object.hasOwn(harmless, field) ? harmless[field] : undefined };
  }
  const secret = SENSITIVE_NAME.test(field) || (part === 'infrastructure' && SENSITIVE_NAME.test(ownName));
  return { ...place, harmless: secret ? undefined : harmless };
}

/** What is secret is digested whole; null, booleans and empty values tell nothing. */
function redact(value: JsonValue, place: Place): JsonValue {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value !== 'object') return isClear(value, place) ? value : digest(String(value));
  if (Object.keys(value).length === 0) return value;
  if (place.harmless === undefined) return digest(canonicalJson(value));
  if (Array.isArray(value)) return value.map((item, index) => redact(item, within(place, index, '')));
  const name = nameOf(value);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, redact(item, within(place, key, name))]),
  );
}

function isClear(value: string | number, { part, harmless, name }: Place): boolean {
  if (harmless !== true && (harmless !== 'argument' || SENSITIVE_NAME.test(name))) return false;
  if (typeof value === 'number') return true;
  return value.length <= MAX_CLEAR[part] && !/[\r\n]/.test(value) && !SENSITIVE_VALUE.test(value);
}

function nameOf(value: JsonValue | undefined): string {
  const name = isObject(value) ? member(value, 'name') : undefined;
  return typeof name === 'string' ? name : '';
}

/** Tells that a value changed, not what it is; 16 hex digits. */
export function digest(text: string): string {
  return `sha256:${hash('sha256', text, 'hex').slice(0, 16)}`;
}
