import { describe, expect, it } from '@jest/globals';
import { stepResultSchema, type StepResult } from '../../src/api/step-result.ts';
import { STEP_NAMES } from '../../src/api/steps.ts';

const RESULT: StepResult = {
  version: 1,
  step: 'kubelet',
  operation: 'refit-edge-1-0badcafe-3',
  outcome: 'changed',
  message: 'kubelet v1.34.3 is ready',
  startedAt: '2026-11-21T10:00:00Z',
  durationSeconds: 2.5,
  changes: [{ what: '/usr/bin/kubelet', from: 'v1.33.7', to: 'v1.34.3', sha256: 'a'.repeat(64) }],
};

it.each([...STEP_NAMES, 'finish'])('takes a result of %s', (step) => {
  expect(stepResultSchema.parse({ ...RESULT, step })).toEqual({ ...RESULT, step });
});

describe('refuses', () => {
  it.each<[string, object]>([
    ['another version', { version: 2 }],
    ['an unknown step', { step: 'reboot' }],
    ['an unknown outcome', { outcome: 'maybe' }],
    ['a time that is none', { startedAt: 'yesterday' }],
    ['a negative duration', { durationSeconds: -1 }],
    ['content in a change', { changes: [{ what: '/etc/a', content: 'secret' }] }],
    ['a digest that is none', { changes: [{ what: '/etc/a', sha256: 'abc' }] }],
    ['an unknown field', { log: 'x' }],
  ])('%s', (_, change) => {
    expect(stepResultSchema.safeParse({ ...RESULT, ...change }).success).toBe(false);
  });
});
