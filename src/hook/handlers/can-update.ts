// CanUpdateMachine and CanUpdateMachineSet: may Refit apply this change in place?
import { decodeRequestOf } from '../../api/decode.ts';
import { badInput, StatusError } from '../../api/errors.ts';
import {
  HOOKS_API_VERSION,
  templateSpec,
  type CanUpdateMachineRequest,
  type CanUpdateMachineSetRequest,
  type CanUpdateRequest,
  type HookResponse,
} from '../../api/hooks.ts';
import { member } from '../../api/json.ts';
import {
  DEPLOYMENT_NAME_LABEL,
  SET_NAME_LABEL,
  UNCOUNTED_MOVE_ANNOTATION,
  UNIQUE_SET_LABEL,
} from '../../api/labels.ts';
import type { Policy } from '../../api/policy.ts';
import { canUpdateResponse } from '../../plan/answer.ts';
import { decideCanUpdate } from '../../plan/decide.ts';
import type { Decision } from '../../plan/types.ts';
import type { EventInput, MachineView } from '../store.ts';
import { clusterFacts, clusterOf, countRefusal, isOptedIn, policyFor, type Context } from './context.ts';

/** Machines of one MachineSet that get an Event of their own when their update is blocked. */
const MAX_EVENTS = 50;

export async function canUpdate(
  context: Context,
  hook: CanUpdateRequest['hook'],
  body: unknown,
): Promise<HookResponse> {
  const cluster = clusterOf(context, body);
  if (!isOptedIn(cluster)) {
    context.metrics.decisions.inc({ hook, decision: 'not-opted-in' });
    return { apiVersion: HOOKS_API_VERSION, kind: `${hook}Response`, status: 'Success' };
  }
  const request = decodeRequestOf(hook, body);
  const policy = policyFor(context, cluster);
  if (request.hook === 'CanUpdateMachineSet') {
    mustBeSettled(context, request, policy);
    mustNotStrand(context, request, policy);
  } else {
    mustRest(context, request, policy);
  }
  const decision = decideCanUpdate(request, policy, clusterFacts(context, cluster));
  context.metrics.decisions.inc({ hook, decision: decision.decision });
  if (decision.decision === 'block' || decision.decision === 'reject')
    tellBlocked(context, request, decision);
  if (decision.decision === 'accept' && request.hook === 'CanUpdateMachineSet') {
    const { namespace, labels } = request.desired.machineSet.metadata;
    context.accepted?.(namespace, labels[DEPLOYMENT_NAME_LABEL] ?? '');
  }
  return canUpdateResponse(hook, decision);
}

/**
 * At the end of an update CAPI takes its mark off the Machine twice: an update that begins in between loses its mark,
 * is never done, and counts as done. Errors: Unavailable ("settling").
 */
function mustRest({ store, clock }: Context, request: CanUpdateMachineRequest, policy: Policy): void {
  const { namespace, name } = request.current.machine.metadata;
  const machine = store.machine(namespace, name);
  const seconds = policy.settleSeconds;
  if (!machine || clock.monotonic() - (machine.restsSince ?? Infinity) >= seconds) return;
  throw new StatusError(
    `settling: Machine ${namespace}/${name} was being updated less than ${seconds} s ago, ask again`,
    { reason: 'Unavailable' },
  );
}

/**
 * Two quick edits of a MachineDeployment make CAPI delete a Machine even if both were claimed: say yes only to what
 * it has asked for some seconds long, and only to its newest MachineSet. Errors: Unavailable ("settling").
 */
function mustBeSettled(
  { store, clock, editedAt }: Context,
  request: CanUpdateMachineSetRequest,
  policy: Policy,
): void {
  const { metadata } = request.desired.machineSet;
  const name = metadata.labels[DEPLOYMENT_NAME_LABEL];
  if (name === undefined) {
    throw badInput(
      `desired.machineSet.metadata.labels[${DEPLOYMENT_NAME_LABEL}]`,
      name,
      'the name of a MachineDeployment',
    );
  }
  const deployment = store.machineDeployment(metadata.namespace, name);
  const where = `settling: MachineDeployment ${metadata.namespace}/${name}`;
  if (!deployment) throw new StatusError(`${where} not seen yet, ask again`, { reason: 'Unavailable' });
  const seconds = policy.settleSeconds;
  const changedAt = Math.max(deployment.seenAt, editedAt?.(metadata.namespace, name) ?? -Infinity);
  if (clock.monotonic() - changedAt < seconds) {
    throw new StatusError(`${where} changed less than ${seconds} s ago, ask again`, {
      reason: 'Unavailable',
    });
  }
  const template = templateSpec(request.desired.machineSet);
  const asked = [
    [deployment.version, member(template, 'version')],
    [deployment.bootstrapRef, member(member(member(template, 'bootstrap'), 'configRef'), 'name')],
    [deployment.infrastructureRef, member(member(template, 'infrastructureRef'), 'name')],
  ];
  if (asked.some(([want, got]) => want !== undefined && got !== want)) {
    throw new StatusError(`${where} asks for something else by now, ask again`, { reason: 'Unavailable' });
  }
}

/**
 * An edit in the moment between the move of a Machine to the MachineSet that was wanted and its being counted there: that
 * is not made up for any more. CAPI would make another Machine in its place, and delete one. Errors: Unavailable, until a
 * person sets the MachineDeployment back.
 */
function mustNotStrand(context: Context, request: CanUpdateMachineSetRequest, policy: Policy): void {
  const { store, announce } = context;
  const { namespace, labels } = request.desired.machineSet.metadata;
  const name = labels[DEPLOYMENT_NAME_LABEL] ?? '';
  if (policy.onUncovered === 'replace') return;
  for (const machine of store.machines()) {
    if (machine.namespace !== namespace || machine.labels[DEPLOYMENT_NAME_LABEL] !== name) continue;
    const isUncounted = UNCOUNTED_MOVE_ANNOTATION in machine.annotations && !machine.deleting;
    if (!isUncounted || machine.labels[UNIQUE_SET_LABEL] === labels[UNIQUE_SET_LABEL]) continue;
    const reason =
      `MachineDeployment ${namespace}/${name} was edited while Machine ${machine.name} was being moved to what it asked ` +
      'for then: going on, Cluster API would delete a Machine. Set its spec.template back to that, until the Machine is ' +
      'updated, then edit it again';
    announce(machine, 'Warning', 'InPlaceUpdateBlocked', reason);
    tellDeployment(context, request, reason);
    countRefusal(context, request.hook, request);
    throw new StatusError(reason, { reason: 'Unavailable' });
  }
}

/** CAPI shows a refusal nowhere but in its log: tell it where people look. */
function tellBlocked(context: Context, request: CanUpdateRequest, { reason }: Decision): void {
  const { announce } = context;
  for (const about of objectsOf(context, request)) {
    announce(about, 'Warning', 'InPlaceUpdateBlocked', reason);
  }
  if (request.hook === 'CanUpdateMachineSet') tellDeployment(context, request, reason);
}

function tellDeployment(
  { store, announce }: Context,
  request: CanUpdateMachineSetRequest,
  reason: string,
): void {
  const { namespace, labels } = request.desired.machineSet.metadata;
  const deployment = store.machineDeployment(namespace, labels[DEPLOYMENT_NAME_LABEL] ?? '');
  if (deployment)
    announce({ ...deployment, kind: 'MachineDeployment' }, 'Warning', 'InPlaceUpdateBlocked', reason);
}

function objectsOf(
  { store }: Context,
  request: CanUpdateRequest,
): Pick<EventInput, 'namespace' | 'name' | 'uid'>[] {
  if (request.hook === 'CanUpdateMachine') {
    const { namespace, name } = request.current.machine.metadata;
    const machine = store.machine(namespace, name);
    return machine ? [machine] : [];
  }
  const { namespace, name } = request.current.machineSet.metadata;
  const found: MachineView[] = [];
  for (const machine of store.machines()) {
    if (found.length === MAX_EVENTS) break;
    if (machine.namespace === namespace && machine.labels[SET_NAME_LABEL] === name) found.push(machine);
  }
  return found;
}
