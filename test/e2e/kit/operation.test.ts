import { expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/api/json.ts';
import { resultsOf } from './operation.ts';

const OPERATION = 'refit-edge-1-0badcafe-1';

it('has the last try of each step of one operation, however long its result is', () => {
  const long = 'a'.repeat(4000);
  const nodes = {
    second: pod('2026-01-01T00:02:00Z', result('kubeadm', long)),
    first: pod('2026-01-01T00:01:00Z', result('kubeadm', 'lost')),
    tries: { ...pod('2026-01-01T00:02:01Z', result('kubeadm', 'of both')), type: 'Retry' },
    silent: pod('2026-01-01T00:00:00Z', ''),
    other: pod('2026-01-01T00:03:00Z', result('verify', 'of another Machine', 'refit-edge-2-0badcafe-1')),
    running: { type: 'Pod' },
  };
  const found = resultsOf({ status: { nodes } }, OPERATION);
  expect(found.map(({ step, message }) => [step, message])).toEqual([['kubeadm', long]]);
  expect(resultsOf({}, OPERATION)).toEqual([]);
});

function pod(finishedAt: string, value: string): JsonObject {
  return { type: 'Pod', finishedAt, outputs: { parameters: [{ name: 'result', value }] } };
}

function result(step: string, message: string, operation = OPERATION): string {
  const startedAt = '2026-01-01T00:00:00.000Z';
  const rest = { outcome: 'changed', startedAt, durationSeconds: 1, changes: [] };
  return JSON.stringify({ version: 1, step, operation, message, ...rest });
}
