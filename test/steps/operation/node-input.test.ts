import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { NodeInput } from '../../../src/api/node-input.ts';
import { checkNodeInput, parseNodeInput } from '../../../src/steps/operation/node-input.ts';
import { createMachine, type Machine } from './machine.ts';
import { DESIRED, input, plan } from './samples.ts';

let machine: Machine;
beforeEach(() => {
  machine = createMachine();
});
afterEach(() => machine.remove());

describe('an input', () => {
  it('is what the step pod wrote', () => {
    expect(parseNodeInput(JSON.stringify(input('stage')))).toEqual(input('stage'));
  });

  it.each([
    ['no JSON', '{', 'input: '],
    ['nothing', '', 'input: '],
    ['an unknown step', JSON.stringify({ ...input('stage'), step: 'uncordon' }), 'step: '],
    ['a member that nobody knows', JSON.stringify({ ...input('stage'), image: 'x' }), '"image"'],
    [
      'an operation that is no name',
      JSON.stringify({ ...input('stage'), plan: plan([], '../etc') }),
      'plan.operation: ',
    ],
  ])('is refused when it is %s', (_name, text, problem) => {
    expect(() => parseNodeInput(text)).toThrow(
      expect.objectContaining({ reason: 'BadInput', message: expect.stringContaining(problem) }),
    );
  });

  it('is refused without telling what files hold', () => {
    const files = [{ ...DESIRED.files[0], content: 'not base64: s3cret' }];
    const text = JSON.stringify({ ...input('stage'), desired: { ...DESIRED, files } });
    expect(() => parseNodeInput(text)).toThrow(/^desired\.files\.0\.content: (?!.*s3cret)/);
  });
});

describe('an input for this machine', () => {
  it.each<[string, NodeInput]>([
    ['that is complete', input('stage')],
    ['of a handed-over list, which needs no desired configuration', without(input('kubelet'))],
    ['of finish, which needs none either', without(input('finish', plan([]), { planSha256: '' }))],
  ])('%s is accepted', async (_name, given) => {
    await expect(checkNodeInput(machine.host, given)).resolves.toBeUndefined();
  });

  it.each<[string, NodeInput, string]>([
    [
      'preflight',
      without(input('preflight')),
      'desired: got nothing, expected what step preflight works from',
    ],
    ['stage', without(input('stage')), 'desired: got nothing'],
    ['a step used alone', without(input('kubelet', plan(), { planSha256: '' })), 'desired: got nothing'],
    [
      'a plan for another desired configuration',
      input('stage', { ...plan(), desiredSha256: 'a'.repeat(64) }),
      `desired: sha256: got "`,
    ],
    [
      'an operation named like a folder of Refit',
      input('stage', plan([], 'backup')),
      'plan.operation: got "backup"',
    ],
    [
      'another machine',
      input('stage', { ...plan(), node: { ...plan().node, machineID: 'x' } }),
      'plan.node.machineID: got "x"',
    ],
  ])('%s is refused', async (_name, given, message) => {
    await expect(checkNodeInput(machine.host, given)).rejects.toMatchObject({
      reason: 'BadInput',
      message: expect.stringContaining(message),
    });
  });
});

function without(given: NodeInput): NodeInput {
  const rest = { ...given };
  delete rest.desired;
  return rest;
}
