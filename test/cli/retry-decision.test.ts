import { describe, expect, it } from '@jest/globals';
import {
  BLOCKED_ANNOTATION,
  OPERATION_ANNOTATION,
  RETRY_ANNOTATION,
  UPDATE_IN_PROGRESS_ANNOTATION,
} from '../../src/api/labels.ts';
import { decideRetry } from '../../src/cli/retry-decision.ts';
import { machineView } from '../../src/hook/kubernetes/views.ts';
import { machineSample, type MachineSample } from '../helpers/operator-objects.ts';

const BLOCKED = { [BLOCKED_ANNOTATION]: 'rolled back' };
const ASKED = { [UPDATE_IN_PROGRESS_ANNOTATION]: '' };
const FAILED = { state: 'failed', reason: 'step kubelet: boom' } as const;

const decide = (sample: MachineSample, isForced?: boolean) =>
  decideRetry(machineView(machineSample('cp-1', sample)), isForced);

describe('decideRetry', () => {
  it.each<[string, MachineSample, object, RegExp]>([
    [
      'a failed operation',
      { record: FAILED, annotations: ASKED },
      { [RETRY_ANNOTATION]: '' },
      /^operation 3 failed \(step kubelet: boom\): asked for again$/,
    ],
    [
      'a cancelled one',
      { record: { state: 'cancelled' }, annotations: ASKED },
      { [RETRY_ANNOTATION]: '' },
      /^operation 3 cancelled: asked for again$/,
    ],
    [
      'one that was rolled back',
      { record: FAILED, annotations: { ...ASKED, ...BLOCKED } },
      { [RETRY_ANNOTATION]: '', [BLOCKED_ANNOTATION]: null },
      /asked for again$/,
    ],
    [
      'a good one that was rolled back',
      { record: { state: 'succeeded' }, annotations: BLOCKED },
      { [RETRY_ANNOTATION]: '', [BLOCKED_ANNOTATION]: null },
      /asked for v1.34.3 again, after a rollback; Cluster API does not ask/,
    ],
    [
      'a Machine that a person blocked',
      { annotations: BLOCKED },
      { [BLOCKED_ANNOTATION]: null },
      /^not blocked any more$/,
    ],
  ])('%s', (_name, sample, annotations, message) => {
    expect(decide(sample)).toEqual({ annotations, message: expect.stringMatching(message) });
  });

  it.each<[string, MachineSample, RegExp]>([
    ['nothing was done', {}, /^Refit has done nothing on it/],
    ['an operation runs', { record: {} }, /^operation 3 is running: .*refit status -w/],
    ['the last one ended well', { record: { state: 'succeeded' } }, /^operation 3 ended well/],
    [
      'the node still works',
      { record: { ...FAILED, host: 'working' } },
      /still works on operation 3: wait .* or --force$/,
    ],
    ['the record is broken', { annotations: { [OPERATION_ANNOTATION]: '{' } }, /unreadable/],
    ['it is being deleted', { record: FAILED, metadata: { deletionTimestamp: 'x' } }, /being deleted/],
  ])('refuses when %s', (_name, sample, refusal) => {
    expect(decide(sample)).toEqual({ refusal: expect.stringMatching(refusal) });
  });

  it('does it although the node works, by force', () => {
    expect(decide({ record: { ...FAILED, host: 'working' } }, true)).toHaveProperty('annotations');
  });
});
