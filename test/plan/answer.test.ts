import { describe, expect, it } from '@jest/globals';
import { badInput } from '../../src/api/errors.ts';
import { canUpdateResponse, rejection } from '../../src/plan/answer.ts';
import type { Decision } from '../../src/plan/types.ts';

const DECISION: Decision = {
  decision: 'accept',
  reason: 'why',
  differences: [],
  steps: [],
  patches: { machine: [{ op: 'replace', path: '/spec/version', value: 'v1.34.3' }] },
};

describe('the answer', () => {
  it.each(['accept', 'replace'] as const)(
    'to %s is Success with the patches, base64 of a JSON list',
    (decision) => {
      const response = canUpdateResponse('CanUpdateMachine', { ...DECISION, decision });
      expect(response).toEqual({
        apiVersion: 'hooks.runtime.cluster.x-k8s.io/v1alpha1',
        kind: 'CanUpdateMachineResponse',
        status: 'Success',
        machinePatch: { patchType: 'JSONPatch', patch: expect.any(String) },
      });
      const text = Buffer.from(response.machinePatch?.patch ?? '', 'base64').toString('utf8');
      expect(JSON.parse(text)).toEqual(DECISION.patches.machine);
    },
  );

  it.each(['block', 'reject'] as const)('to %s is Failure with the reason and no patch', (decision) => {
    expect(canUpdateResponse('CanUpdateMachineSet', { ...DECISION, decision })).toEqual({
      apiVersion: 'hooks.runtime.cluster.x-k8s.io/v1alpha1',
      kind: 'CanUpdateMachineSetResponse',
      status: 'Failure',
      message: 'why',
    });
  });

  it('keeps text outside ASCII', () => {
    const value = 'größe ✓';
    const response = canUpdateResponse('CanUpdateMachine', {
      ...DECISION,
      patches: { bootstrapConfig: [{ op: 'add', path: '/spec/a', value }] },
    });
    expect(Buffer.from(response.bootstrapConfigPatch?.patch ?? '', 'base64').toString('utf8')).toContain(
      value,
    );
  });
});

it('an error becomes a rejection that holds its text and nothing else', () => {
  expect(rejection(badInput('kind', 'x', 'y'))).toEqual({
    decision: 'reject',
    reason: 'kind: got "x", expected y',
    differences: [],
    steps: [],
    patches: {},
  });
});
