import { describe, expect, it } from '@jest/globals';
import type { ExternalRecord } from '../../../src/api/external-record.ts';
import type { Stage } from '../../../src/cli/upgrade/decision.ts';
import { stageState, type Begun } from '../../../src/cli/upgrade/stage-state.ts';
import type { ClusterStatus, MachineStatus, OwnerStatus } from '../../../src/cli/status/types.ts';

const EDITED = '2026-01-01T12:00:00Z';
const [BEFORE, AFTER] = ['2026-01-01T11:00:00Z', '2026-01-01T12:05:00Z'];
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
const failed: MachineStatus = { ...there, state: 'failed', message: 'boom' };

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
const stateOf = (status: ClusterStatus, more: Partial<Begun> = {}) =>
  stageState(status, { stage, editedAt: EDITED, before: 1, ...more });

describe('of a Machine that Cluster API updates', () => {
  it.each<[string, MachineStatus, object]>([
    ['is done', there, { state: 'done' }],
    ['runs', { ...there, state: 'updating' }, { state: 'going' }],
    ['has not begun', { ...there, version: 'v1.33.7', kubelet: 'v1.33.7' }, { state: 'going' }],
    ['failed', { ...failed, since: AFTER }, { state: 'failed', reason: 'Machine m-1 failed: boom' }],
    ['failed before the edit', { ...failed, since: BEFORE }, { state: 'going' }],
    [
      'is refused',
      { ...failed, state: 'blocked', toldAt: AFTER },
      { state: 'failed', reason: 'Machine m-1 blocked: boom' },
    ],
    ['was refused before the edit', { ...failed, state: 'blocked', toldAt: BEFORE }, { state: 'going' }],
    [
      'is blocked by a person',
      { ...failed, state: 'blocked' },
      { state: 'failed', reason: 'Machine m-1 blocked: boom' },
    ],
  ])('%s', (_name, machine, expected) => {
    expect(stateOf(cluster(machine))).toEqual(expected);
  });

  it('counts what failed before when nothing was edited', () => {
    expect(stageState(cluster({ ...failed, since: BEFORE }), { stage, before: 1 }).state).toBe('failed');
  });
});

describe('of an owner that Refit upgrades', () => {
  const external = { stage: { ...stage, door: 'external' as const } };

  it.each<[string, { upgrade?: ExternalRecord }, object]>([
    ['has not begun', {}, { state: 'going' }],
    ['shows only the last upgrade', upgrade('succeeded', 1), { state: 'going' }],
    ['failed the last time', upgrade('failed', 1), { state: 'going' }],
    ['runs', upgrade('running'), { state: 'going' }],
    ['is declined', upgrade('declined'), { state: 'failed', reason: 'declined: skew' }],
    ['is done', upgrade('succeeded'), { state: 'done' }],
  ])('%s', (_name, owner, expected) => {
    expect(stateOf(cluster(there, owner), external)).toEqual(expected);
  });
});

it('fails when the owner is gone', () => {
  expect(stageState({ ...cluster(there), owners: [] }, { stage, before: 0 })).toEqual({
    state: 'failed',
    reason: 'MachineDeployment md-0 is not there any more',
  });
});
