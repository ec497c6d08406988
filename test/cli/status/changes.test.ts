import { describe, expect, it } from '@jest/globals';
import { changesSince, changeText } from '../../../src/cli/status/changes.ts';
import type { MachineStatus, StatusOutput } from '../../../src/cli/status/types.ts';

function output(...machines: Partial<MachineStatus>[]): StatusOutput {
  const list = machines.map(
    (machine) => ({ name: 'cp-1', role: 'control-plane', state: 'updating', ...machine }) as const,
  );
  const owner = { kind: 'KubeadmControlPlane', name: 'cp', paused: false, machines: list } as const;
  return {
    at: '2026-01-01T12:00:00.000Z',
    clusters: [{ namespace: 'lab', name: 'edge', paused: false, owners: [owner] }],
  };
}

describe('changesSince', () => {
  it('tells all at first, then only what changed', () => {
    const first = output({ name: 'a' }, { name: 'b' });
    expect(changesSince(undefined, first)).toHaveLength(2);
    expect(changesSince(first, first)).toEqual([]);
    const changed = changesSince(first, output({ name: 'a' }, { name: 'b', state: 'failed' }));
    expect(changed.map(({ machine }) => machine.name)).toEqual(['b']);
  });

  it.each([
    ['a step that goes on', 'step 5/8 kubeadm: running 1m12s', 'step 5/8 kubeadm: running 1m14s', 0],
    ['the next step', 'step 5/8 kubeadm: running 1m12s', 'step 6/8 kubelet: running 1s', 1],
    ['a refusal that is old', 'uncovered (last said 2m ago)', 'uncovered (last said 3m ago)', 0],
  ])('%s', (_name, before, after, count) => {
    expect(changesSince(output({ message: before }), output({ message: after }))).toHaveLength(count);
  });
});

describe('changeText', () => {
  it('is one line with time, Machine, state and reason', () => {
    const [change] = changesSince(
      undefined,
      output({ state: 'failed', since: '2026-01-01T11:55:00Z', message: 'boom' }),
    );
    expect(changeText(change!)).toBe('2026-01-01T12:00:00Z  lab/cp-1  failed for 5m: boom');
  });
});
