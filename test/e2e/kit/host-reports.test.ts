import { expect, it } from '@jest/globals';
import type { StepResult } from '../../../src/api/step-result.ts';
import { flipResults, spanSeconds } from './host-reports.ts';

const results = [
  result('preflight', '2026-01-01T00:00:00.000Z', 2),
  result('kubeadm', '2026-01-01T00:01:00.000Z', 30),
  result('kubelet', '2026-01-01T00:01:30.500Z', 4),
];

it('takes the time from the first begin to the last end', () => {
  expect(spanSeconds(results)).toBe(94.5);
  expect(spanSeconds(flipResults(results))).toBe(34.5);
  expect(spanSeconds([])).toBe(0);
});

function result(step: StepResult['step'], startedAt: string, durationSeconds: number): StepResult {
  const operation = 'refit-edge-1-0badcafe-1';
  return {
    version: 1,
    step,
    operation,
    outcome: 'changed',
    message: '',
    startedAt,
    durationSeconds,
    changes: [],
  };
}
