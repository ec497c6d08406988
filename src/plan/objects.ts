// The objects of a request, each as it is and as it is wanted, and what is read from them.
import type { CanUpdateRequest, HookObject, ObjectName, UpdateRequest } from '../api/hooks.ts';
import { member, type JsonValue } from '../api/json.ts';
import { CONTROL_PLANE_LABEL } from '../api/labels.ts';
import type { Role } from '../api/steps.ts';

export type Part = 'machine' | 'infrastructure' | 'bootstrap';

export interface ObjectPair {
  name: ObjectName;
  part: Part;
  /** Where the compared fields begin: /spec, in sets and templates /spec/template/spec. */
  root: readonly string[];
  from?: HookObject;
  to?: HookObject;
}

const SPEC = ['spec'];
const TEMPLATE_SPEC = ['spec', 'template', 'spec'];

export function objectPairs(request: CanUpdateRequest): ObjectPair[] {
  if (request.hook === 'CanUpdateMachine') {
    const { current, desired } = request;
    return [
      pair('machine', 'machine', SPEC, current.machine, desired.machine),
      pair(
        'infrastructureMachine',
        'infrastructure',
        SPEC,
        current.infrastructureMachine,
        desired.infrastructureMachine,
      ),
      pair('bootstrapConfig', 'bootstrap', SPEC, current.bootstrapConfig, desired.bootstrapConfig),
    ];
  }
  const { current, desired } = request;
  return [
    pair('machineSet', 'machine', TEMPLATE_SPEC, current.machineSet, desired.machineSet),
    pair(
      'infrastructureMachineTemplate',
      'infrastructure',
      TEMPLATE_SPEC,
      current.infrastructureMachineTemplate,
      desired.infrastructureMachineTemplate,
    ),
    pair(
      'bootstrapConfigTemplate',
      'bootstrap',
      TEMPLATE_SPEC,
      current.bootstrapConfigTemplate,
      desired.bootstrapConfigTemplate,
    ),
  ];
}

/** The compared fields of one side. */
export function rootValue(object: HookObject | undefined, root: readonly string[]): JsonValue | undefined {
  return object && root.slice(1).reduce<JsonValue | undefined>(member, object.spec);
}

/** Kubernetes versions that the request goes from and to. */
export function versionsOf(request: CanUpdateRequest): { from: string; to: string } {
  if (request.hook === 'CanUpdateMachine') {
    const { current, desired } = request;
    return { from: versionOf(current.machine), to: versionOf(desired.machine) };
  }
  const { current, desired } = request;
  return {
    from: versionOf(current.machineSet, TEMPLATE_SPEC),
    to: versionOf(desired.machineSet, TEMPLATE_SPEC),
  };
}

/** Decoding has made sure that it is there. */
export function versionOf(machine: HookObject, root = SPEC): string {
  const version = member(rootValue(machine, root), 'version');
  return typeof version === 'string' ? version : '';
}

/** A MachineSet holds workers only: control-plane machines belong to their control plane. */
export function roleOf(request: UpdateRequest): Role {
  if (request.hook === 'CanUpdateMachineSet') return 'worker';
  const { labels } = request.desired.machine.metadata;
  return Object.hasOwn(labels, CONTROL_PLANE_LABEL) ? 'control-plane' : 'worker';
}

/** `bootstrap.cluster.x-k8s.io` of `bootstrap.cluster.x-k8s.io/v1beta2`. */
export function groupOf(object: HookObject): string {
  return object.apiVersion.split('/').slice(0, -1).join('/');
}

function pair(
  name: ObjectName,
  part: Part,
  root: readonly string[],
  from?: HookObject,
  to?: HookObject,
): ObjectPair {
  return { name, part, root, ...(from ? { from } : {}), ...(to ? { to } : {}) };
}
