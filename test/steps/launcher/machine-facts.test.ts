import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/api/json.ts';
import { machineFacts, nodeIdentity } from '../../../src/steps/launcher/machine-facts.ts';
import { OPERATION, sampleFlags, sampleMachine, sampleNode, UID } from './samples.ts';

const facts = machineFacts('preflight', sampleFlags(), sampleMachine());

describe('machineFacts', () => {
  it('names the operation as the Workflow that the server generated', () => {
    expect(facts).toEqual({
      namespace: 'lab',
      name: 'cp-1',
      uid: UID,
      nodeName: 'node-1',
      providerID: 'metal://cp-1',
      operation: OPERATION,
    });
  });

  it('names an operation by hand after its Workflow', () => {
    const flags = sampleFlags({ operation: undefined, workflow: 'by-hand-x7k2p' });
    expect(machineFacts('kubelet', flags, sampleMachine()).operation).toBe('by-hand-x7k2p');
  });

  it('names for rollback the operation that is rolled back', () => {
    const flags = sampleFlags({ workflow: 'rollback-x7k2p' });
    expect(machineFacts('rollback', flags, sampleMachine()).operation).toBe(OPERATION);
  });

  it('wants to know which operation is rolled back', () => {
    const flags = sampleFlags({ operation: undefined });
    expect(() => machineFacts('rollback', flags, sampleMachine())).toThrow('--operation');
  });

  it.each([
    [
      'is of another Cluster',
      { spec: { clusterName: 'other' } },
      'spec.clusterName: got "other", expected refit',
    ],
    ['has no Node', { status: {} }, 'status.nodeRef.name: got nothing'],
    [
      'was made anew under its name',
      { metadata: { uid: 'another' } },
      'the Machine is another one now, or --operation was given by hand',
    ],
  ])('refuses a Machine that %s', (_name, changes: JsonObject, message) => {
    const error = thrown(() => machineFacts('preflight', sampleFlags(), { ...sampleMachine(), ...changes }));
    expect(error).toMatchObject({ reason: 'BadInput', message: expect.stringContaining(message) });
  });
});

describe('nodeIdentity', () => {
  it('is what the host compares with itself', () => {
    expect(nodeIdentity(facts, sampleNode())).toEqual({
      name: 'node-1',
      uid: 'node-uid',
      machineID: '0123456789abcdef0123456789abcdef',
      providerID: 'metal://cp-1',
    });
  });

  it.each([
    [
      'with another providerID',
      { spec: { providerID: 'metal://cp-2' } },
      'expected metal://cp-1 as in its Machine',
    ],
    ['without a providerID', { spec: {} }, 'spec.providerID: got nothing'],
    [
      'of another Machine',
      { metadata: { uid: 'u', annotations: { 'cluster.x-k8s.io/machine': 'cp-2' } } },
      'got "cp-2", expected cp-1',
    ],
    ['that has not reported its host', { status: {} }, 'machineID: got nothing'],
  ])('refuses a Node %s', (_name, changes: JsonObject, message) => {
    const error = thrown(() => nodeIdentity(facts, { ...sampleNode(), ...changes }));
    expect(error).toMatchObject({ reason: 'BadInput', message: expect.stringContaining(message) });
  });
});

function thrown(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
