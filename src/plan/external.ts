// An upgrade of an owner's Machines by Refit instead of Cluster API: declined with a text, or a plan per Machine. Pure.
import { asJoined } from '../api/control-plane-config.ts';
import { StatusError } from '../api/errors.ts';
import {
  machinePatches,
  patched,
  situationHash,
  type MachinePatches,
  type MachineSituation,
} from '../api/external-desired.ts';
import type { Ask } from '../api/external-owner.ts';
import { shortReason } from '../api/external-record.ts';
import { text } from '../api/fields.ts';
import type { CanUpdateMachineRequest, MachineObjects } from '../api/hooks.ts';
import type { JsonObject } from '../api/json.ts';
import { knownRecord } from '../api/operation.ts';
import type { Policy } from '../api/policy.ts';
import { hookObject } from './hook-object.ts';
import { decideCanUpdate, planUpdate } from './decide.ts';
import { machineRefusal, ownerRefusal, skewRefusal, type Surroundings } from './external-refusals.ts';
import type { Facts, Plan } from './types.ts';

export interface ExternalSituation extends Surroundings {
  ask: Ask;
  /** All that the owner has, in any order. */
  machines: readonly MachineSituation[];
}

export interface MachineUpgrade {
  name: string;
  uid: string;
  nodeName: string;
  /** Of the Machine's operation. */
  number: number;
  /** Of what the steps meet on the Machine while they run: its bootstrap configuration is desired, its version old. */
  hash: string;
  from?: string;
  plan: Plan;
  patches: MachinePatches;
}

export type ExternalDecision =
  | { declined: string }
  /** `upgrades` is empty when every Machine is as its owner asks already. */
  | { upgrades: readonly MachineUpgrade[]; upToDate: readonly string[] };

/** Whatever is wrong with what was asked is a text; nothing is thrown for it. */
export function decideExternal(situation: ExternalSituation, policy: Policy): ExternalDecision {
  try {
    return decide(situation, policy);
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'BadInput') return { declined: error.message };
    throw error;
  }
}

function decide(situation: ExternalSituation, policy: Policy): ExternalDecision {
  const { ask, machines } = situation;
  const refusal = ownerRefusal(
    situation,
    machines.map(({ machine }) => machine),
  );
  if (refusal !== undefined) return { declined: refusal };
  const chosen = withRelease(ask, policy);
  const judged = machines.map((now) => judge(situation, chosen, now));
  const upgrades = judged.filter((one) => typeof one === 'object');
  const reasons = judged.filter((one) => typeof one === 'string');
  // Said once, and not for each Machine in other words.
  const skew = upgrades.length + reasons.length > 0 ? skewRefusal(situation) : undefined;
  if (skew !== undefined) return { declined: skew };
  if (reasons.length > 0) return { declined: shortReason(reasons.join('; ')) };
  const names = new Set(upgrades.map(({ name }) => name));
  const upToDate = machines.map(({ machine }) => nameOf(machine)).filter((name) => !names.has(name));
  return { upgrades: upgrades.sort(byName), upToDate: upToDate.sort() };
}

/** undefined: up to date; a text: why not. */
function judge(situation: ExternalSituation, policy: Policy, now: MachineSituation) {
  const { ask, facts, mustRun } = situation;
  const name = nameOf(now.machine);
  const patches = machinePatches(ask, now);
  const record = knownRecord(annotationsOf(now.machine));
  // Its bootstrap configuration is written first: a Machine that was left half-way may look as if it were done.
  const isUnfinished = record?.workflow !== undefined && record.state !== 'succeeded';
  if (isEmpty(patches) && !isUnfinished && !mustRun) return undefined;
  const refusal = machineRefusal(now.machine);
  if (refusal !== undefined) return `Machine ${name}: ${refusal}`;
  const then = patched(now, patches);
  const desired = objectsOf(ask, then);
  const request: CanUpdateMachineRequest = {
    hook: 'CanUpdateMachine',
    current: objectsOf(ask, now),
    desired,
  };
  const nodeVersion = text(now.machine, 'status', 'nodeInfo', 'kubeletVersion');
  const known: Facts = { ...facts, ...(nodeVersion === undefined ? {} : { nodeVersion }) };
  const decision = decideCanUpdate(request, { ...policy, onUncovered: 'block' }, known);
  if (decision.decision !== 'accept') return `Machine ${name}: ${decision.reason}`;
  return {
    name,
    uid: text(now.machine, 'metadata', 'uid') ?? '',
    nodeName: text(now.machine, 'status', 'nodeRef', 'name') ?? '',
    number: (record?.number ?? 0) + 1,
    hash: situationHash({ ...then, machine: now.machine }),
    ...(nodeVersion === undefined ? {} : { from: nodeVersion }),
    plan: planUpdate({ hook: 'UpdateMachine', desired }, policy, known),
    patches,
  } satisfies MachineUpgrade;
}

/** The policy as if the release that was asked for were the only one. Errors: BadInput. */
function withRelease({ release, version }: Ask, policy: Policy): Policy {
  if (release === undefined || policy.imageMap === undefined) return policy;
  const entry = Object.hasOwn(policy.imageMap, release) ? policy.imageMap[release] : undefined;
  if (entry?.kubernetes !== version) {
    const got = entry === undefined ? 'nothing of that name' : `Kubernetes ${entry.kubernetes}`;
    throw new StatusError(`imageMap: release ${release}: got ${got}, expected Kubernetes ${version}`, {
      reason: 'BadInput',
    });
  }
  return { ...policy, imageMap: { [release]: entry } };
}

/** CAPI compares the first control-plane Machine, made by `kubeadm init`, as if it had joined; so do the claims. */
function objectsOf(
  { role }: Ask,
  { machine, bootstrapConfig, infrastructureMachine }: MachineSituation,
): MachineObjects {
  const config = bootstrapConfig && hookObject(bootstrapConfig);
  const spec = config && (role === 'control-plane' ? asJoined(config.spec) : config.spec);
  return {
    machine: hookObject(machine),
    infrastructureMachine: hookObject(infrastructureMachine),
    ...(config && spec ? { bootstrapConfig: { ...config, spec } } : {}),
  };
}

function isEmpty(patches: MachinePatches): boolean {
  return Object.values(patches).every((patch: JsonObject) => Object.keys(patch).length === 0);
}

function nameOf(object: JsonObject): string {
  return text(object, 'metadata', 'name') ?? '';
}

function annotationsOf(object: JsonObject): Record<string, string> {
  return hookObject(object).metadata.annotations;
}

function byName(a: MachineUpgrade, b: MachineUpgrade): number {
  return a.name < b.name ? -1 : 1;
}
