import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/api/json.ts';
import { accepted, endOf, lastWarning, podOf } from '../../../src/steps/launcher/job-view.ts';
import { sampleReport } from './samples.ts';

const JOB = { metadata: { name: 'j', uid: 'job-uid' } };

function pod(name: string, status: JsonObject, owner = 'job-uid', second = '00'): JsonObject {
  const creationTimestamp = `2026-01-01T00:00:${second}Z`;
  return {
    metadata: { name, uid: `${name}-uid`, creationTimestamp, ownerReferences: [{ uid: owner }] },
    status,
  };
}

function container(state: JsonObject): JsonObject {
  return {
    containerStatuses: [
      { name: 'sidecar', state: { running: {} } },
      { name: 'main', state },
    ],
  };
}

describe('the pod that counts', () => {
  const report = JSON.stringify(sampleReport());

  it.each([
    ['none', [], undefined],
    ['the newest', [pod('b', {}, 'job-uid', '05'), pod('a', {}, 'job-uid', '09')], 'a'],
    ['not one of an earlier Job of that name', [pod('a', {}), pod('old', {}, 'old-uid', '09')], 'a'],
    [
      'one that reported, before a newer one',
      [pod('a', container({ terminated: { exitCode: 0, message: report } })), pod('b', {}, 'job-uid', '09')],
      'a',
    ],
  ])('is %s', (_name, pods, expected) => {
    expect(podOf(JOB, pods)?.name).toBe(expected);
  });

  it.each([
    ['has no status yet', {}, { state: 'waiting', message: '' }],
    [
      'cannot pull its image',
      container({ waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image' } }),
      { state: 'waiting', message: 'ImagePullBackOff: Back-off pulling image' },
    ],
    ['runs', container({ running: {} }), { state: 'running', message: '' }],
    [
      'ended',
      container({ terminated: { exitCode: 75, reason: 'Error', message: 'locked' } }),
      { state: 'ended', exitCode: 75, message: 'locked' },
    ],
    [
      'was killed',
      container({ terminated: { exitCode: 137, reason: 'OOMKilled' } }),
      { state: 'ended', exitCode: 137, message: 'OOMKilled' },
    ],
    [
      'was refused by the kubelet',
      { phase: 'Failed', reason: 'OutOfcpu', message: 'Node had no cpu' },
      { state: 'ended', exitCode: undefined, message: 'OutOfcpu: Node had no cpu' },
    ],
  ])('is seen when it %s', (_name, status, expected) => {
    expect(podOf(JOB, [pod('a', status)])).toMatchObject(expected);
  });
});

describe('endOf', () => {
  it.each([
    ['no conditions', [], undefined],
    ['one that is not true', [{ type: 'Failed', status: 'False' }], undefined],
    ['a failure that is on its way', [{ type: 'FailureTarget', status: 'True' }], undefined],
    ['success', [{ type: 'Complete', status: 'True' }], 'Complete'],
    [
      'failure',
      [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded', message: 'Job was active longer' }],
      'Failed, DeadlineExceeded, Job was active longer',
    ],
  ])('%s', (_name, conditions, expected) => {
    expect(endOf({ ...JOB, status: { conditions } })).toBe(expected);
  });
});

describe('accepted', () => {
  const ended = { name: 'p', uid: 'u', state: 'ended', exitCode: 1, message: '' } as const;

  it('gives the report, also of a failure', () => {
    const report = sampleReport({ outcome: 'failed' });
    expect(accepted(ended, report)).toBe(report);
  });

  it.each([
    ['its report', sampleReport({ message: 'the machine-id is another one' }), ''],
    ['its words', undefined, 'the machine-id is another one'],
  ])('is bad input when the host refused it, with the reason of %s', (_name, report, message) => {
    expect(() => accepted({ ...ended, exitCode: 2, message }, report)).toThrow(
      'the machine-id is another one',
    );
  });
});

describe('lastWarning', () => {
  const event = (name: string, reason: string, lastTimestamp: string, type = 'Warning') => ({
    type,
    reason,
    message: 'so',
    lastTimestamp,
    involvedObject: { name },
  });

  it('is the newest one about the Job or its pod', () => {
    const events = [
      event('p', 'FailedMount', '2026-01-01T00:00:02Z'),
      event('j', 'FailedCreate', '2026-01-01T00:00:03Z'),
      event('other', 'FailedCreate', '2026-01-01T00:00:09Z'),
      event('p', 'Pulled', '2026-01-01T00:00:08Z', 'Normal'),
    ];
    expect(lastWarning(events, ['j', 'p'])).toBe('FailedCreate: so');
    expect(lastWarning(events, ['p'])).toBe('FailedMount: so');
    expect(lastWarning(events, ['q'])).toBeUndefined();
  });
});
