import { describe, expect, it } from '@jest/globals';
import type { NodeCommand } from '../../../src/api/commands.ts';
import {
  desiredConfigurationDigest,
  type DesiredConfiguration,
} from '../../../src/api/desired-configuration.ts';
import { hostPlanDigest } from '../../../src/api/host-plan.ts';
import { nodeInputSchema } from '../../../src/api/node-input.ts';
import type { Role } from '../../../src/api/steps.ts';
import { machineFacts } from '../../../src/steps/launcher/machine-facts.ts';
import {
  inputDigest,
  MAX_INPUT_BYTES,
  nodeInput,
  NOTHING_DESIRED,
  type InputFacts,
} from '../../../src/steps/launcher/node-input.ts';
import { OPERATION, sampleFlags, sampleMachine, SECRET_TEXT } from './samples.ts';

const DESIRED: DesiredConfiguration = {
  ...NOTHING_DESIRED,
  files: [file('/etc/secret', SECRET_TEXT)],
};
const STEPS = [
  { name: 'kubeadm', timeoutSeconds: 3600 },
  { name: 'kubelet', timeoutSeconds: 600 },
] as const;

function file(path: string, content: string) {
  return { path, owner: 'root:root', permissions: '0600', content: Buffer.from(content).toString('base64') };
}

function facts(changes: Partial<InputFacts> = {}): InputFacts {
  return {
    command: 'stage',
    flags: sampleFlags({ hash: 'v1-0123456789abcdef', steps: STEPS, untestedHosts: 'allow' }),
    facts: machineFacts('stage', sampleFlags(), sampleMachine()),
    role: 'control-plane',
    node: { name: 'node-1', uid: 'node-uid', machineID: 'abc' },
    kubernetes: 'v1.34.3',
    release: 'r34',
    desired: DESIRED,
    ...changes,
  };
}

describe('nodeInput', () => {
  it('is what the node understands', () => {
    const input = nodeInput(facts());
    expect(nodeInputSchema.parse(input)).toEqual(input);
    expect(input).toMatchObject({
      step: 'stage',
      timeoutSeconds: 600,
      planSha256: '',
      plan: {
        operation: OPERATION,
        hash: 'v1-0123456789abcdef',
        machine: { namespace: 'lab', name: 'cp-1' },
        cluster: 'refit',
        role: 'control-plane',
        kubernetes: 'v1.34.3',
        release: 'r34',
        desiredSha256: desiredConfigurationDigest(DESIRED),
        policy: { untestedHosts: 'allow', keepBackups: 2 },
        steps: STEPS,
      },
    });
  });

  it('says how a control plane is moved, and of workers nothing', () => {
    const flags = sampleFlags({ controlPlaneMethod: 'flip' });
    expect(nodeInput(facts({ flags })).plan.controlPlane).toEqual({ method: 'flip' });
    expect(nodeInput(facts()).plan.controlPlane).toEqual({ method: 'kubeadm' });
    expect(nodeInput(facts({ flags, role: 'worker' })).plan).not.toHaveProperty('controlPlane');
  });

  it('makes of a flip step that is used alone the whole list of the node', () => {
    const flags = sampleFlags({ timeoutSeconds: 77 });
    expect(nodeInput(facts({ command: 'kubelet', flags })).plan.steps).toEqual([
      { name: 'kubelet', timeoutSeconds: 77 },
    ]);
  });

  it('hands nothing over with a quiet step that is used alone', () => {
    expect(nodeInput(facts({ command: 'backup', flags: sampleFlags() })).plan.steps).toEqual([]);
  });

  it.each<[NodeCommand, Role, boolean]>([
    ['preflight', 'worker', true],
    ['stage', 'worker', true],
    ['configure', 'worker', true],
    ['verify', 'control-plane', true],
    ['prepull', 'control-plane', true],
    ['prepull', 'worker', false],
    ['backup', 'control-plane', false],
    ['finish', 'control-plane', false],
    ['rollback', 'control-plane', false],
    ['renew-certificates', 'control-plane', false],
  ])('%s on a %s gets file contents: %s', (command, role, expected) => {
    expect('desired' in nodeInput(facts({ command, role }))).toBe(expected);
  });

  it('tells a rollback, and nobody else, what may be lost by it', () => {
    const flags = sampleFlags({ dataLoss: 'accept' });
    expect(nodeInput(facts({ command: 'rollback', flags })).dataLoss).toBe('accept');
    expect(nodeInput(facts({ command: 'finish', flags }))).not.toHaveProperty('dataLoss');
  });

  it('tells finish how the Workflow ended', () => {
    const flags = sampleFlags({ workflowStatus: 'Failed' });
    expect(nodeInput(facts({ command: 'finish', flags })).workflowStatus).toBe('Failed');
  });

  it('makes for every flip step the plan that stage reported', () => {
    const staged = hostPlanDigest(nodeInput(facts()).plan);
    const flags = { ...facts().flags, planSha256: staged };
    expect(nodeInput(facts({ command: 'kubelet', flags })).planSha256).toBe(staged);
  });

  it('refuses when the plan became another one since, a Secret say', () => {
    const flags = { ...facts().flags, planSha256: hostPlanDigest(nodeInput(facts()).plan) };
    const desired = { ...DESIRED, files: [file('/etc/secret', 'changed')] };
    expect(() => nodeInput(facts({ command: 'kubelet', flags, desired }))).toThrow(
      /^the plan that was staged is not what is asked for now/,
    );
  });

  it('names the biggest file when it is all too much for a Secret', () => {
    const files = [file('/etc/small', 'x'), file('/etc/big', 'y'.repeat(800_000)), file('/etc/other', 'z')];
    expect(() => nodeInput(facts({ desired: { ...NOTHING_DESIRED, files } }))).toThrow(
      new RegExp(`expected at most ${MAX_INPUT_BYTES}, what a Secret holds; the biggest is /etc/big$`),
    );
  });
});

describe('inputDigest', () => {
  const digest = inputDigest(nodeInput(facts()));

  it('is the same for the same', () => {
    expect(inputDigest(nodeInput(facts()))).toBe(digest);
  });

  it('is the same whatever the cluster shows at the moment: the first launch counts', () => {
    const digests = [true, false].map((hasElsewhere) =>
      inputDigest(nodeInput(facts({ command: 'preflight', hasElsewhere }))),
    );
    expect(digests[0]).toBe(digests[1]);
  });

  it('is another one for other contents, whether the step gets them or not', () => {
    const desired = { ...DESIRED, files: [] };
    expect(inputDigest(nodeInput(facts({ desired })))).not.toBe(digest);
    expect(inputDigest(nodeInput(facts({ command: 'backup' })))).not.toBe(
      inputDigest(nodeInput(facts({ command: 'backup', desired }))),
    );
  });
});
