import { describe, expect, it } from '@jest/globals';
import { writeExternal, type ExternalState } from '../../src/api/external-record.ts';
import {
  BLOCKED_ANNOTATION,
  OPERATION_ANNOTATION,
  RETRY_ANNOTATION,
  UPDATE_IN_PROGRESS_ANNOTATION,
} from '../../src/api/labels.ts';
import { decideOwnerRetry, decideRetry } from '../../src/cli/retry-decision.ts';
import { machineView } from '../../src/hook/kubernetes/views.ts';
import { machineSample, type MachineSample } from '../helpers/operator-objects.ts';

const BLOCKED = { [BLOCKED_ANNOTATION]: 'rolled back' };
const ASKED = { [UPDATE_IN_PROGRESS_ANNOTATION]: '' };
const FAILED = { state: 'failed', reason: 'step kubelet: boom' } as const;

const decide = (sample: MachineSample, isForced?: boolean) =>
  decideRetry({ machine: machineView(machineSample('cp-1', sample)) }, isForced);

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

  it.each<[string, MachineSample, object]>([
    ['names the owner', {}, { refusal: 'it is upgraded with its owner: refit retry machinedeployment/md-0' }],
    [
      'takes the block away first',
      { annotations: BLOCKED },
      {
        annotations: { [BLOCKED_ANNOTATION]: null },
        message: 'not blocked any more; then: refit retry machinedeployment/md-0',
      },
    ],
  ])('of a Machine that is upgraded with its owner %s', (_name, sample, expected) => {
    expect(decide({ worker: true, record: { ...FAILED, workflow: 'refit-md-0-1' }, ...sample })).toEqual(
      expected,
    );
  });

  it('does it although the node works, by force', () => {
    expect(decide({ record: { ...FAILED, host: 'working' } }, true)).toHaveProperty('annotations');
  });
});

describe('decideOwnerRetry', () => {
  const owner = (state: ExternalState) =>
    writeExternal({ version: 1, number: 2, state, to: 'v1.34.3', reason: 'skew' });

  it('asks for an upgrade that failed again', () => {
    expect(decideOwnerRetry(owner('failed'))).toEqual({
      annotations: { [RETRY_ANNOTATION]: '' },
      message: 'upgrade 2 failed (skew): asked for again',
    });
  });

  it.each<[Record<string, string>, RegExp]>([
    [{}, /has done nothing/],
    [owner('declined'), /^upgrade 2 is declined: skew; it begins by itself/],
    [owner('requested'), /^upgrade 2 is requested/],
    [owner('running'), /^upgrade 2 is running/],
    [owner('succeeded'), /^upgrade 2 ended well/],
    [{ 'capi-refit.io/external': '{' }, /unreadable/],
  ])('refuses %j', (annotations, refusal) => {
    expect(decideOwnerRetry(annotations)).toEqual({ refusal: expect.stringMatching(refusal) });
  });
});
