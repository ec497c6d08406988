// How far one owner is. Pure.
import { STRATEGY_EXTERNAL } from '../../api/labels.ts';
import type { ClusterStatus, MachineStatus, OwnerStatus } from '../status/types.ts';
import type { Stage } from './decision.ts';

export type StageState = { state: 'going' } | { state: 'done' } | { state: 'failed'; reason: string };

export interface Begun {
  stage: Stage;
  /** When it was edited; undefined: it was not, so that what failed before counts. */
  editedAt?: string;
  /** Number of the owner's last upgrade by Refit itself, before the edit. */
  before: number;
}

export function stageState(cluster: ClusterStatus | undefined, begun: Begun): StageState {
  const { stage } = begun;
  const owner = cluster?.owners.find(({ kind, name }) => kind === stage.kind && name === stage.name);
  if (!owner) return { state: 'failed', reason: `${stage.kind} ${stage.name} is not there any more` };
  const reason = externalFailure(owner, begun) ?? machineFailure(owner.machines, begun);
  if (reason !== undefined) return { state: 'failed', reason };
  const isThere = owner.machines.every((machine) => isUpToDate(machine, stage.version));
  return { state: isThere && owner.version === stage.version && isClosed(owner, begun) ? 'done' : 'going' };
}

function isUpToDate({ state, version, kubelet }: MachineStatus, wanted: string): boolean {
  return state === 'up to date' && version === wanted && kubelet === wanted;
}

function externalFailure({ upgrade }: OwnerStatus, begun: Begun): string | undefined {
  if (!upgrade || !isNews(upgrade.number, begun)) return undefined;
  if (upgrade.state !== 'declined' && upgrade.state !== 'failed') return undefined;
  return `${upgrade.state}: ${upgrade.reason ?? 'no reason recorded'}`;
}

/** The last word of Refit on an owner that it upgrades: with the same version nothing else shows that it has begun. */
function isClosed({ upgrade }: OwnerStatus, begun: Begun): boolean {
  if (begun.stage.door !== STRATEGY_EXTERNAL) return true;
  if (begun.editedAt === undefined) return upgrade === undefined || upgrade.state === 'succeeded';
  return upgrade?.state === 'succeeded' && isNews(upgrade.number, begun);
}

function isNews(number: number, { editedAt, before }: Begun): boolean {
  return editedAt === undefined || number > before;
}

/** What is older than the edit tells of something else. */
function machineFailure(machines: readonly MachineStatus[], { editedAt }: Begun): string | undefined {
  const failed = machines.find(({ state, since, operation, toldAt }) => {
    if (state === 'failed')
      return editedAt === undefined || (operation?.finishedAt ?? since ?? '') > editedAt;
    return state === 'blocked' && (editedAt === undefined || toldAt === undefined || toldAt > editedAt);
  });
  return failed && `Machine ${failed.name} ${failed.state}: ${failed.message ?? 'no reason recorded'}`;
}
