import { describe, expect, it } from '@jest/globals';
import type { ExternalRecord } from '../../../src/api/external-record.ts';
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

function withUpgrade(found: StatusOutput, state: ExternalRecord['state']): StatusOutput {
  const upgrade = { version: 1, number: 2, state, to: 'v1.34.3', reason: 'one replica' } as const;
  const clusters = found.clusters.map((cluster) => ({
    ...cluster,
    owners: cluster.owners.map((owner) => ({ ...owner, upgrade })),
  }));
  return { ...found, clusters };
}

describe('changesSince', () => {
  it('tells all at first, then only what changed', () => {
    const first = output({ name: 'a' }, { name: 'b' });
    expect(changesSince(undefined, first)).toHaveLength(2);
    expect(changesSince(first, first)).toEqual([]);
    const changed = changesSince(first, output({ name: 'a' }, { name: 'b', state: 'failed' }));
    expect(changed.map(({ machine }) => machine?.name)).toEqual(['b']);
  });

  it('tells of a Machine that is gone, once', () => {
    const [before, after] = [output({ name: 'a' }, { name: 'b' }), output({ name: 'a' })];
    const [change, ...more] = changesSince(before, after);
    expect([change?.gone, more]).toEqual(['b', []]);
    expect(changeText(change!)).toBe('2026-01-01T12:00:00Z  lab/b  gone: the Machine was deleted');
    expect(changesSince(after, after)).toEqual([]);
  });

  it('tells what Refit does for an owner, also before a Machine shows it', () => {
    const declined = withUpgrade(output({ name: 'a' }), 'declined');
    const [change, ...more] = changesSince(output({ name: 'a' }), declined);
    expect(more).toEqual([]);
    expect(change?.owner).toMatchObject({ kind: 'KubeadmControlPlane', name: 'cp' });
    expect(changeText(change!)).toBe(
      '2026-01-01T12:00:00Z  lab/cp  upgrade 2 to v1.34.3 declined: one replica',
    );
    expect(changesSince(declined, declined)).toEqual([]);
    expect(changesSince(declined, withUpgrade(output({ name: 'a' }), 'running'))).toHaveLength(1);
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
  it('stays one line whatever a message holds', () => {
    const [change] = changesSince(undefined, output({ state: 'failed', message: 'a\nb\u001B[2J' }));
    expect(changeText(change!)).toMatch(/failed: a b \[2J$/);
  });

  it('is one line with time, Machine, state and reason', () => {
    const [change] = changesSince(
      undefined,
      output({ state: 'failed', since: '2026-01-01T11:55:00Z', message: 'boom' }),
    );
    expect(changeText(change!)).toBe('2026-01-01T12:00:00Z  lab/cp-1  failed for 5m: boom');
  });
});
