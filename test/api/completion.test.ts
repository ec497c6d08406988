import { describe, expect, it } from '@jest/globals';
import { completionAnnotations, unlikeDesired, type NodeState } from '../../src/api/completion.ts';
import { readRecord, writeRecord, type OperationRecord } from '../../src/api/operation.ts';
import { protection } from '../../src/api/protection.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const NODE: NodeState = { kubeletVersion: 'v1.34.3', ready: true };
const RECORD: OperationRecord = {
  version: 1,
  number: 3,
  hash: 'v1-a',
  state: 'running',
  to: 'v1.34.3',
  startedAt: '2025-12-31T23:00:00Z',
};

describe('a Node is not as desired', () => {
  it.each<[string, Partial<NodeState>, string[]]>([
    ['unless its version or state differs', {}, []],
    ['at another version', { kubeletVersion: 'v1.33.7' }, ['kubelet: got v1.33.7, expected v1.34.3']],
    ['when it is not Ready', { ready: false }, ['Node condition Ready: got False, expected True']],
  ])('%s', (_, differing, problems) => {
    expect(unlikeDesired({ ...NODE, ...differing }, 'v1.34.3')).toEqual(problems);
  });
});

describe('the annotations of an operation that ended well', () => {
  const machine = (annotations: Record<string, string>) => ({ namespace: 'lab', name: 'md-0', annotations });
  const wanted = { operation: '3', kubernetes: 'v1.34.3', now: NOW };

  it('are its record, and nothing of our protection', () => {
    const held = protection({}, NOW);
    const written = completionAnnotations(machine({ ...writeRecord(RECORD), ...held }), NODE, wanted);
    for (const key of Object.keys(held)) expect(written[key]).toBeNull();
    const kept = Object.fromEntries(Object.entries(written).filter((entry) => entry[1] !== null));
    expect(readRecord(kept as Record<string, string>)).toEqual({
      ...RECORD,
      state: 'succeeded',
      finishedAt: NOW.toISOString(),
      node: NODE,
    });
  });

  it('are not given for a Node that is not as desired', () => {
    const late = { ...NODE, kubeletVersion: 'v1.33.7' };
    expect(() => completionAnnotations(machine(writeRecord(RECORD)), late, wanted)).toThrow(
      'Machine lab/md-0: kubelet: got v1.33.7, expected v1.34.3',
    );
  });
});
