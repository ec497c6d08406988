// Requests for tests: recorded from real Cluster API, edited, or built from the parts that matter.
import { globSync, readFileSync } from 'node:fs';
import { decodeRequest } from '../../src/api/decode.ts';
import { HOOKS_API_VERSION, type CanUpdateRequest, type UpdateMachineRequest } from '../../src/api/hooks.ts';
import type { JsonObject, JsonValue } from '../../src/api/json.ts';
import { CONTROL_PLANE_LABEL } from '../../src/api/labels.ts';
import { policySchema, type Policy } from '../../src/api/policy.ts';
import type { Role } from '../../src/api/steps.ts';
import type { Facts } from '../../src/plan/types.ts';

const ROOT = new URL('../fixtures/requests/capi-v1.14.0/', import.meta.url);

export const NO_FACTS: Facts = { admission: 'open' };

/** A JSON pointer and the value to put there; undefined removes. */
export type Edit = readonly [pointer: string, value: JsonValue | undefined];

/** `kcp-version-1.33-to-1.34/01-canupdatemachine-refit-cp-2f546.json`, in order. */
export function recordings(containing = ''): string[] {
  return globSync('*/*.json', { cwd: ROOT.pathname })
    .filter((path) => path.includes(containing))
    .sort();
}

/** Is the recording one of `npm run lab:record`, whose folders are named after stories and machines by number? */
export function isOfLab(path: string): boolean {
  return /-machine(set)?-\d+\.json$/.test(path);
}

/** A recorded body as it came, or with edits. */
export function recorded(path: string, ...edits: Edit[]): JsonObject {
  return edited(JSON.parse(recordedText(path)) as JsonObject, ...edits);
}

export function recordedText(path: string): string {
  return readFileSync(new URL(path, ROOT), 'utf8');
}

/** A copy with edits; objects on the way to a place are made, `-` appends to a list. */
export function edited(body: JsonObject, ...edits: Edit[]): JsonObject {
  const copy = structuredClone(body);
  edits.forEach(([pointer, value]) => edit(copy, keysOf(pointer), value));
  return copy;
}

function edit(target: JsonObject | JsonValue[], [key = '', ...rest]: string[], value: JsonValue | undefined) {
  if (Array.isArray(target)) {
    const index = key === '-' ? target.length : Number(key);
    if (rest.length > 0) edit(target[index] as JsonObject, rest, value);
    else if (value === undefined) target.splice(index, 1);
    else target[index] = value;
    return;
  }
  if (rest.length === 0 && value === undefined) {
    delete target[key];
    return;
  }
  if (rest.length === 0) define(target, key, value as JsonValue);
  else {
    if (!Object.hasOwn(target, key)) define(target, key, {});
    edit(target[key] as JsonObject, rest, value);
  }
}

/** Also for a key like `__proto__`, as JSON.parse does it. */
function define(target: JsonObject, key: string, value: JsonValue): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

export function keysOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function canUpdate(body: JsonObject): CanUpdateRequest {
  const request = decodeRequest(JSON.parse(JSON.stringify(body)));
  if (request.hook === 'UpdateMachine') throw new Error('not a CanUpdate request');
  return request;
}

export function updateMachine(body: JsonObject): UpdateMachineRequest {
  const request = decodeRequest(JSON.parse(JSON.stringify(body)));
  if (request.hook !== 'UpdateMachine') throw new Error('not an UpdateMachine request');
  return request;
}

interface Side {
  version?: string;
  failureDomain?: JsonValue;
  bootstrap?: JsonObject | null;
  infrastructure?: JsonObject;
}

export interface Parts {
  role?: Role;
  /** Kind of the bootstrap configuration, without Template. */
  bootstrapKind?: string;
  from?: Side;
  to?: Side;
}

/** A CanUpdateMachine body of which only the given parts differ from an empty machine at v1.34.3. */
export function machineBody({
  role = 'control-plane',
  bootstrapKind = 'KubeadmConfig',
  from = {},
  to = {},
}: Parts) {
  const labels: JsonObject = role === 'control-plane' ? { [CONTROL_PLANE_LABEL]: '' } : {};
  const side = ({ version = 'v1.34.3', failureDomain, bootstrap = {}, infrastructure = {} }: Side) => ({
    machine: object('cluster.x-k8s.io', 'Machine', labels, {
      clusterName: 'edge',
      version,
      ...(failureDomain === undefined ? {} : { failureDomain }),
    }),
    infrastructureMachine: object('infrastructure.cluster.x-k8s.io', 'MetalMachine', {}, infrastructure),
    ...(bootstrap === null
      ? {}
      : { bootstrapConfig: object('bootstrap.cluster.x-k8s.io', bootstrapKind, {}, bootstrap) }),
  });
  return body('CanUpdateMachine', { current: side(from), desired: side(to) });
}

/** The same for a CanUpdateMachineSet body: workers. */
export function machineSetBody({ bootstrapKind = 'KubeadmConfig', from = {}, to = {} }: Omit<Parts, 'role'>) {
  const template = (spec: JsonObject): JsonObject => ({ template: { spec } });
  const side = ({ version = 'v1.34.3', failureDomain, bootstrap = {}, infrastructure = {} }: Side) => ({
    machineSet: object(
      'cluster.x-k8s.io',
      'MachineSet',
      {},
      {
        clusterName: 'edge',
        ...template({ version, ...(failureDomain === undefined ? {} : { failureDomain }) }),
      },
    ),
    infrastructureMachineTemplate: object(
      'infrastructure.cluster.x-k8s.io',
      'MetalMachineTemplate',
      {},
      template(infrastructure),
    ),
    ...(bootstrap === null
      ? {}
      : {
          bootstrapConfigTemplate: object(
            'bootstrap.cluster.x-k8s.io',
            `${bootstrapKind}Template`,
            {},
            template(bootstrap),
          ),
        }),
  });
  return body('CanUpdateMachineSet', { current: side(from), desired: side(to) });
}

/** The UpdateMachine body that would follow a CanUpdateMachine body. */
export function updateMachineBody(parts: Parts): JsonObject {
  const { desired } = machineBody(parts);
  return body('UpdateMachine', { desired: desired as JsonObject });
}

function body(hook: string, content: JsonObject): JsonObject {
  return { apiVersion: HOOKS_API_VERSION, kind: `${hook}Request`, ...content };
}

function object(group: string, kind: string, labels: JsonObject, spec: JsonObject): JsonObject {
  return {
    apiVersion: `${group}/v1beta2`,
    kind,
    metadata: { name: 'edge-1', namespace: 'site', labels },
    spec,
  };
}

export type PolicyInput = Parameters<typeof policySchema.parse>[0];

export function policyOf(input: unknown = {}): Policy {
  return policySchema.parse(input);
}

/** An image map with these Kubernetes versions, or releases. */
export function imageMap(...releases: (string | { name: string; [field: string]: string })[]) {
  return Object.fromEntries(
    releases.map((release) => {
      const { name, ...fields } =
        typeof release === 'string' ? { name: release.replace('v', 'r'), kubernetes: release } : release;
      return [name, { image: `registry.example.com/refit@sha256:${'0'.repeat(64)}`, ...fields }];
    }),
  );
}
