// The wire types of CAPI's in-place Runtime Hooks: sigs.k8s.io/cluster-api api/runtime/hooks/v1alpha1.
import { isObject, member, type JsonObject } from './json.ts';

export const HOOKS_API_VERSION = 'hooks.runtime.cluster.x-k8s.io/v1alpha1';

export type HookName = 'Discovery' | 'CanUpdateMachine' | 'CanUpdateMachineSet' | 'UpdateMachine';

/** CAPI sends objects cleaned: no status, uid, ownerReferences or resourceVersion. */
export interface HookObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace: string;
    labels: Readonly<Record<string, string>>;
    annotations: Readonly<Record<string, string>>;
  };
  spec: JsonObject;
}

export interface MachineObjects {
  machine: HookObject;
  infrastructureMachine: HookObject;
  /** Absent when the Machine has no bootstrap.configRef. */
  bootstrapConfig?: HookObject;
}

export interface MachineSetObjects {
  machineSet: HookObject;
  infrastructureMachineTemplate: HookObject;
  bootstrapConfigTemplate?: HookObject;
}

/** spec.template.spec of a MachineSet or a template. */
export function templateSpec(object: HookObject | undefined): JsonObject | undefined {
  const spec = member(member(object?.spec, 'template'), 'spec');
  return isObject(spec) ? spec : undefined;
}

export type ObjectName = keyof MachineObjects | keyof MachineSetObjects;

export interface CanUpdateMachineRequest {
  hook: 'CanUpdateMachine';
  current: MachineObjects;
  desired: MachineObjects;
}
export interface CanUpdateMachineSetRequest {
  hook: 'CanUpdateMachineSet';
  current: MachineSetObjects;
  desired: MachineSetObjects;
}
export interface UpdateMachineRequest {
  hook: 'UpdateMachine';
  desired: MachineObjects;
}
export type CanUpdateRequest = CanUpdateMachineRequest | CanUpdateMachineSetRequest;
export type UpdateRequest = CanUpdateRequest | UpdateMachineRequest;

/** RFC 6902 list or RFC 7386 object, base64 of its JSON; applied to the whole current object. */
export interface Patch {
  patchType: 'JSONPatch' | 'JSONMergePatch';
  patch: string;
}

export interface HookResponse {
  apiVersion: typeof HOOKS_API_VERSION;
  kind: `${HookName}Response`;
  status: 'Success' | 'Failure';
  message?: string;
}
/** `<object>Patch` is left out when there is nothing to change in that object. */
export type CanUpdateResponse = HookResponse & Partial<Record<`${ObjectName}Patch`, Patch>>;
export interface UpdateMachineResponse extends HookResponse {
  /** 0 with Success: done; above 0: in progress, ask again then. */
  retryAfterSeconds: number;
}

export function failure(hook: HookName, message: string): HookResponse & { retryAfterSeconds?: number } {
  return {
    apiVersion: HOOKS_API_VERSION,
    kind: `${hook}Response`,
    status: 'Failure',
    message,
    ...(hook === 'UpdateMachine' ? { retryAfterSeconds: 0 } : {}),
  };
}
