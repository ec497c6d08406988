// How far one owner is. Pure.
import { STRATEGY_EXTERNAL } from '../../api/labels.ts';
import type { ClusterStatus, MachineStatus, OwnerStatus } from '../status/types.ts';
import type { Stage } from './decision.ts';

export type StageState = { state: 'going' } | { state: 'done' } | { state: 'failed'; reason: string };

export interface Begun {
  stage: Stage;
  /**
   * The owner before the upgrade: what it said then is no news. Compared, not timed: this machine's clock may differ.
   * undefined: it asked for the version already, so that what failed before counts.
   */
  before?: OwnerStatus;
}

export function stageState(cluster: ClusterStatus | undefined, begun: Begun): StageState {
  const { stage } = begun;
  const owner = ownerOf(cluster, stage);
  if (!owner) return { state: 'failed', reason: `${stage.kind} ${stage.name} is not there any more` };
  const isExternal = stage.door === STRATEGY_EXTERNAL;
  const reason = isExternal ? externalFailure(owner, begun) : machineFailure(owner.machines, begun);
  if (reason !== undefined) return { state: 'failed', reason };
  const isThere = owner.machines.every((machine) => isUpToDate(machine, stage.version));
  const isClosed = !isExternal || isSettled(owner, begun);
  return { state: isThere && owner.version === stage.version && isClosed ? 'done' : 'going' };
}

export function ownerOf(cluster: ClusterStatus | undefined, stage: Stage): OwnerStatus | undefined {
  return cluster?.owners.find(({ kind, name }) => kind === stage.kind && name === stage.name);
}

function isUpToDate({ state, version, kubelet }: MachineStatus, wanted: string): boolean {
  return state === 'up to date' && version === wanted && kubelet === wanted;
}

/** Of its Machines the record of the owner speaks, too. */
function externalFailure({ upgrade, retry }: OwnerStatus, begun: Begun): string | undefined {
  if (!upgrade || retry || !isNews(upgrade.number, begun)) return undefined;
  if (upgrade.state !== 'declined' && upgrade.state !== 'failed') return undefined;
  return `${upgrade.state}: ${upgrade.reason ?? 'no reason recorded'}`;
}

/** The last word of Refit on an owner that it upgrades: with the same version nothing else shows that it has begun. */
function isSettled({ upgrade }: OwnerStatus, begun: Begun): boolean {
  if (begun.before === undefined) return upgrade === undefined || upgrade.state === 'succeeded';
  return upgrade?.state === 'succeeded' && isNews(upgrade.number, begun);
}

function isNews(number: number, { before }: Begun): boolean {
  return before === undefined || number > (before.upgrade?.number ?? 0);
}

function machineFailure(machines: readonly MachineStatus[], begun: Begun): string | undefined {
  const failed = machines.find((machine) => isFailed(machine, begun));
  return failed && `Machine ${failed.name} ${failed.state}: ${failed.message ?? 'no reason recorded'}`;
}

function isFailed({ name, state, operation, toldAt }: MachineStatus, { stage, before }: Begun): boolean {
  const last = before?.machines.find((machine) => machine.name === name);
  if (state === 'blocked') return before === undefined || toldAt === undefined || toldAt !== last?.toldAt;
  if (state !== 'failed') return false;
  // One that failed on the way to this very version stays so until a retry.
  const isOfThis = operation === undefined || operation.to === stage.version;
  return before === undefined || isOfThis || operation.number !== last?.operation?.number;
}
