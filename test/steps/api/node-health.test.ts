import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/api/json.ts';
import { nodeProblems, type Wanted } from '../../../src/steps/api/node-health.ts';
import { nodeObject } from './samples.ts';

const SINCE = new Date('2026-01-01T00:00:00Z');
const WANTED: Wanted = { kubernetes: 'v1.34.3', containerd: undefined, since: SINCE };
const NODE = nodeObject({ version: 'v1.34.3' });
const FRESH = { spec: { renewTime: '2026-01-01T00:00:01.000000Z' } };
const STALE = { spec: { renewTime: '2026-01-01T00:00:00.000000Z' } };

function withConditions(...conditions: JsonObject[]): JsonObject {
  return { ...NODE, status: { ...(NODE['status'] as JsonObject), conditions } };
}

describe('a Node works', () => {
  it.each<[string, JsonObject, JsonObject | undefined, Partial<Wanted>]>([
    ['when its Lease was renewed', NODE, FRESH, {}],
    [
      'when its status was renewed',
      withConditions({ type: 'Ready', status: 'True', lastHeartbeatTime: '2026-01-01T00:00:02Z' }),
      undefined,
      {},
    ],
    ['with the containerd of the release', NODE, FRESH, { containerd: '2.1.4' }],
  ])('%s', (_, node, lease, more) => {
    expect(nodeProblems(node, lease, { ...WANTED, ...more })).toEqual([]);
  });
});

describe('a Node does not', () => {
  it.each<[string, JsonObject, JsonObject | undefined, Partial<Wanted>, string]>([
    ['at another version', nodeObject(), FRESH, {}, 'kubelet: got v1.33.7, expected v1.34.3'],
    [
      'when not Ready',
      nodeObject({ version: 'v1.34.3', ready: false }),
      FRESH,
      {},
      'Ready: got False, expected True',
    ],
    [
      'when Ready is not known',
      withConditions({ type: 'Ready', status: 'Unknown' }),
      FRESH,
      {},
      'Ready: got False',
    ],
    [
      'when it was not heard of since',
      NODE,
      STALE,
      {},
      'heartbeat: got 2026-01-01T00:00:00.000000Z, expected one after 2026-01-01T00:00:00.000Z',
    ],
    [
      'when it was never heard of',
      withConditions({ type: 'Ready', status: 'True' }),
      undefined,
      {},
      'heartbeat: got none',
    ],
    [
      'when its disk is full',
      withConditions({ type: 'Ready', status: 'True' }, { type: 'DiskPressure', status: 'True' }),
      FRESH,
      {},
      'condition DiskPressure: got True',
    ],
    [
      'with another containerd',
      NODE,
      FRESH,
      { containerd: '2.2.0' },
      'got containerd://2.1.4, expected containerd://2.2.0',
    ],
  ])('%s', (_, node, lease, more, problem) => {
    expect(nodeProblems(node, lease, { ...WANTED, ...more })).toEqual([expect.stringContaining(problem)]);
  });
});
