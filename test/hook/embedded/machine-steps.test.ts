import { describe, expect, it } from '@jest/globals';
import { SKIP_REMEDIATION_ANNOTATION } from '../../../src/api/labels.ts';
import { protection } from '../../../src/api/protection.ts';
import { readRecord, writeRecord, type OperationRecord } from '../../../src/api/operation.ts';
import { completeAnnotations } from '../../../src/hook/embedded/machine-steps.ts';
import { createNode } from '../../../src/hook/embedded/node.ts';
import type { MachineView } from '../../../src/hook/store.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const WANTED = { operation: '3', kubernetes: 'v1.34.3', now: NOW };
const RECORD: OperationRecord = {
  version: 1,
  number: 3,
  hash: 'v1-a',
  state: 'running',
  from: 'v1.33.7',
  to: 'v1.34.3',
  startedAt: '2025-12-31T23:00:00Z',
};

function machine(annotations: Record<string, string>): MachineView {
  return {
    namespace: 'lab',
    name: 'md-0',
    uid: 'machine-uid',
    resourceVersion: '7',
    labels: {},
    annotations,
    deleting: false,
    cluster: 'edge',
  };
}

function node(version = 'v1.34.3') {
  return createNode({ name: 'md-0', uid: 'node-uid', role: 'worker', version });
}

function completed(annotations: Record<string, string>, target = node()) {
  return completeAnnotations(machine(annotations), target, WANTED);
}

describe('complete', () => {
  it.each(['starting', 'running', 'stopping'] as const)(
    'ends a record that says %s, and keeps what it was about',
    (state) => {
      const patch = completed(writeRecord({ ...RECORD, state, reason: 'told to stop' }));
      expect(Object.keys(patch)).toHaveLength(1);
      expect(readRecord(patch as Record<string, string>)).toEqual({
        ...RECORD,
        state: 'succeeded',
        finishedAt: NOW.toISOString(),
        node: { kubeletVersion: 'v1.34.3', ready: true },
      });
    },
  );

  it('takes away the protection that is ours', () => {
    const held = protection({}, NOW);
    const patch = completed({ ...writeRecord(RECORD), ...held });
    for (const key of Object.keys(held)) expect(patch[key]).toBeNull();
  });

  it('leaves the protection that is not ours', () => {
    const patch = completed({ ...writeRecord(RECORD), [SKIP_REMEDIATION_ANNOTATION]: '' });
    expect(patch).not.toHaveProperty([SKIP_REMEDIATION_ANNOTATION]);
  });

  it('has nothing to write when it was done before', () => {
    expect(completed(writeRecord({ ...RECORD, state: 'succeeded' }))).toEqual({});
  });

  it.each([
    ['no record', {}, 'operation record: got none, expected 3'],
    ['an unreadable record', { 'capi-refit.io/operation': '{' }, 'operation record: got invalid'],
    ['the record of another operation', writeRecord({ ...RECORD, number: 4 }), 'got 4, expected 3'],
    ['a record that was ended', writeRecord({ ...RECORD, state: 'failed' }), 'got failed, expected running'],
  ])('refuses %s', (_, annotations, message) => {
    expect(() => completed(annotations)).toThrow(
      expect.objectContaining({ reason: 'Failed', message: expect.stringContaining(message) }),
    );
  });

  it('refuses a node that is not there yet', () => {
    expect(() => completed(writeRecord(RECORD), node('v1.33.7'))).toThrow('kubelet: got v1.33.7');
    expect(() => completed(writeRecord(RECORD), { ...node(), ready: false })).toThrow('Ready: got False');
  });
});
