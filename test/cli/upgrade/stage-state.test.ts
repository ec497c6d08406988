import { describe, expect, it } from '@jest/globals';
import type { ExternalRecord } from '../../../src/api/external-record.ts';
import type { Stage } from '../../../src/cli/upgrade/decision.ts';
import { stageState } from '../../../src/cli/upgrade/stage-state.ts';
import type { ClusterStatus, MachineStatus, OwnerStatus } from '../../../src/cli/status/types.ts';

const stage: Stage = {
  kind: 'MachineDeployment',
  name: 'md-0',
  door: 'in-place',
  from: 'v1.33.7',
  version: 'v1.34.3',
};
const there: MachineStatus = {
  name: 'm-1',
  role: 'worker',
  state: 'up to date',
  version: 'v1.34.3',
  kubelet: 'v1.34.3',
};
const [BEFORE, AFTER] = ['2026-01-01T11:00:00Z', '2026-01-01T12:05:00Z'];
const failed = (number: number, to = 'v1.34.3'): MachineStatus => ({
  ...there,
  state: 'failed',
  message: 'boom',
  operation: { number, workflow: 'w', state: 'failed', to, startedAt: BEFORE },
});
const blocked = (toldAt?: string): MachineStatus => ({
  ...there,
  state: 'blocked',
  message: 'boom',
  ...(toldAt === undefined ? {} : { toldAt }),
});

function cluster(machine: MachineStatus, owner: Partial<OwnerStatus> = {}): ClusterStatus {
  const md: OwnerStatus = {
    kind: 'MachineDeployment',
    name: 'md-0',
    version: 'v1.34.3',
    paused: false,
    machines: [machine],
    ...owner,
  };
  return { namespace: 'lab', name: 'edge', paused: false, owners: [md] };
}
const upgrade = (state: ExternalRecord['state'], number = 2): { upgrade: ExternalRecord } => ({
  upgrade: { version: 1, number, state, to: 'v1.34.3', reason: 'skew' },
});
/** It was edited, when it said `before`. */
const stateOf = (status: ClusterStatus, before: OwnerStatus | undefined, changed: Partial<Stage> = {}) =>
  stageState(status, { stage: { ...stage, ...changed }, ...(before ? { before } : {}) });
const ownerIn = (status: ClusterStatus) => status.owners[0];

describe('of a Machine that Cluster API updates', () => {
  const old = { ...there, version: 'v1.33.7', kubelet: 'v1.33.7' };
  const FAILED = { state: 'failed', reason: 'Machine m-1 failed: boom' };
  const BLOCKED = { state: 'failed', reason: 'Machine m-1 blocked: boom' };

  it.each<[string, MachineStatus, MachineStatus, object]>([
    ['is done', old, there, { state: 'done' }],
    ['runs', old, { ...there, state: 'updating' }, { state: 'going' }],
    ['has not begun', old, old, { state: 'going' }],
    ['failed', old, failed(1), FAILED],
    ['failed again', failed(1, 'v1.33.7'), failed(2), FAILED],
    ['failed before, at something else', failed(1, 'v1.33.7'), failed(1, 'v1.33.7'), { state: 'going' }],
    ['failed before on the way to this version', failed(1), failed(1), FAILED],
    ['is to be tried again', failed(1), { ...failed(1), state: 'waiting' }, { state: 'going' }],
    ['is refused', old, blocked(AFTER), BLOCKED],
    ['is refused again', blocked(BEFORE), blocked(AFTER), BLOCKED],
    ['was refused before the edit', blocked(BEFORE), blocked(BEFORE), { state: 'going' }],
    ['is blocked by a person', blocked(), blocked(), BLOCKED],
  ])('%s', (_name, before, machine, expected) => {
    expect(stateOf(cluster(machine), ownerIn(cluster(before)))).toEqual(expected);
  });

  it('counts what failed before when nothing was edited', () => {
    expect(stateOf(cluster(failed(1, 'v1.33.7')), undefined).state).toBe('failed');
  });
});

describe('of an owner that Refit upgrades', () => {
  const door = 'external';

  it.each<[string, Partial<OwnerStatus>, object]>([
    ['has not begun', {}, { state: 'going' }],
    ['shows only the last upgrade', upgrade('succeeded', 1), { state: 'going' }],
    ['failed the last time', upgrade('failed', 1), { state: 'going' }],
    ['runs', upgrade('running'), { state: 'going' }],
    ['is declined', upgrade('declined'), { state: 'failed', reason: 'declined: skew' }],
    ['is to be tried again', { ...upgrade('failed'), retry: true }, { state: 'going' }],
    ['is done', upgrade('succeeded'), { state: 'done' }],
  ])('%s', (_name, owner, expected) => {
    const before = ownerIn(cluster(there, upgrade('succeeded', 1)));
    expect(stateOf(cluster(there, owner), before, { door })).toEqual(expected);
  });

  it('is judged by its own record: a Machine that failed the last time is upgraded again', () => {
    const before = ownerIn(cluster(failed(1), upgrade('failed', 1)));
    expect(stateOf(cluster(failed(1), upgrade('requested')), before, { door })).toEqual({ state: 'going' });
  });
});

it('fails when the owner is gone', () => {
  expect(stateOf({ ...cluster(there), owners: [] }, undefined)).toEqual({
    state: 'failed',
    reason: 'MachineDeployment md-0 is not there any more',
  });
});
