import { describe, expect, it } from '@jest/globals';
import { OPERATION_ANNOTATION } from '../../src/api/labels.ts';
import {
  isFinal,
  OPERATION_STATES,
  readRecord,
  writeRecord,
  type OperationRecord,
} from '../../src/api/operation.ts';

const RECORD: OperationRecord = {
  version: 1,
  number: 3,
  hash: 'v1-0123456789abcdef',
  state: 'running',
  from: 'v1.33.7',
  to: 'v1.34.3',
  startedAt: '2026-11-21T10:00:00Z',
};

it('a record is read as it was written', () => {
  const full: OperationRecord = {
    ...RECORD,
    state: 'failed',
    finishedAt: '2026-11-21T10:05:00Z',
    reason: 'step kubelet: not Ready',
    host: 'idle',
    node: { kubeletVersion: 'v1.34.3', ready: false },
  };
  expect(readRecord(writeRecord(full))).toEqual(full);
});

it('no annotation is no record', () => {
  expect(readRecord({ other: 'x' })).toBeUndefined();
});

describe('invalid', () => {
  it.each([
    ['not JSON', '{'],
    ['empty', ''],
    ['null', 'null'],
    ['another version', JSON.stringify({ ...RECORD, version: 2 })],
    ['number zero', JSON.stringify({ ...RECORD, number: 0 })],
    ['an unknown state', JSON.stringify({ ...RECORD, state: 'paused' })],
    ['a missing field', JSON.stringify({ ...RECORD, hash: undefined })],
  ])('is %s', (_, text) => {
    expect(readRecord({ [OPERATION_ANNOTATION]: text })).toBe('invalid');
  });

  it('is never written', () => {
    expect(() => writeRecord({ ...RECORD, number: 0 })).toThrow();
  });
});

it('the last three states are final', () => {
  const final = OPERATION_STATES.filter((state) => isFinal({ ...RECORD, state }));
  expect(final).toEqual(['succeeded', 'failed', 'cancelled']);
});
