import { describe, expect, it } from '@jest/globals';
import { mirrored } from './machine-status.ts';

const node = (kubeletVersion: string, ready: string) => ({
  status: {
    nodeInfo: { kubeletVersion, machineID: 'id', swap: { capacity: 0 } },
    conditions: [
      { type: 'DiskPressure', status: 'False' },
      { type: 'Ready', status: ready, reason: 'KubeletReady', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ],
  },
});
const machine = (kubeletVersion: string, ready: string) => ({
  status: {
    nodeInfo: { kubeletVersion },
    conditions: [
      { type: 'Updating', status: 'True' },
      { type: 'NodeReady', status: ready },
    ],
  },
});

describe('what a Machine is told of its Node', () => {
  it('is nothing when it knows', () => {
    expect(mirrored(machine('v1.33.13', 'True'), node('v1.33.13', 'True'))).toBeUndefined();
  });

  it.each([
    ['a new version', 'v1.34.4', 'True'],
    ['that it is not ready', 'v1.33.13', 'False'],
  ])('is %s, beside its other conditions', (_, version, ready) => {
    const written = mirrored(machine('v1.33.13', 'True'), node(version, ready));
    expect(written).toMatchObject({
      nodeInfo: { kubeletVersion: version, machineID: 'id' },
      conditions: [{ type: 'Updating' }, { type: 'NodeReady', status: ready }],
    });
    expect(written?.['nodeInfo']).not.toHaveProperty('swap');
  });
});
