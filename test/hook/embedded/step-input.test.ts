import { describe, expect, it } from '@jest/globals';
import { stepInput } from '../../../src/hook/embedded/step-input.ts';
import type { SimulatedWorkflow } from '../../../src/hook/embedded/workflow.ts';
import type { MachineView } from '../../../src/hook/store.ts';

const MACHINE: MachineView = {
  namespace: 'lab',
  name: 'md-0',
  uid: 'machine-uid',
  resourceVersion: '7',
  labels: {},
  annotations: {},
  deleting: false,
  cluster: 'edge',
  version: 'v1.34.3',
};

function workflow(parameters: Record<string, string>): SimulatedWorkflow {
  return {
    namespace: 'lab',
    name: 'refit-md-0-01234567-1',
    machine: 'md-0',
    machineUid: 'machine-uid',
    operation: '1',
    parameters: new Map(Object.entries({ cluster: 'edge', machine: 'md-0', ...parameters })),
    tasks: [],
    locks: [],
  };
}

const around = { machine: MACHINE, peers: () => [], imageMap: undefined };

describe('stepInput', () => {
  it('takes the argument of the task before the parameter of the Workflow before the default', () => {
    const given = workflow({ 'plan-sha256': 'workflow', drain: 'never' });
    expect(stepInput('kubelet', given, new Map([['plan-sha256', 'task']]), around).planSha256).toBe('task');
    expect(stepInput('kubelet', given, new Map(), around).planSha256).toBe('workflow');
    expect(stepInput('drain', given, new Map(), around).drain).toBe('never');
    expect(stepInput('drain', workflow({}), new Map(), around).drain).toBe('auto');
  });

  it('by hand: one step, for the version that the Machine has', () => {
    expect(stepInput('kubelet', workflow({}), new Map(), around)).toMatchObject({
      steps: [{ name: 'kubelet', timeoutSeconds: 600 }],
      kubernetes: 'v1.34.3',
      hash: '',
      release: { name: '' },
    });
  });

  it('looks up what the release brings', () => {
    const image = `lab/up@sha256:${'a'.repeat(64)}`;
    const imageMap = { r2: { kubernetes: 'v1.34.3', containerd: '2.1.4', image } };
    const input = stepInput('stage', workflow({ release: 'r2' }), new Map(), { ...around, imageMap });
    expect(input.release).toEqual({ name: 'r2', containerd: '2.1.4' });
  });

  it('refuses a list with something that is no step', () => {
    expect(() => stepInput('kubelet', workflow({ steps: 'kubeadm,reboot' }), new Map(), around)).toThrow(
      expect.objectContaining({ reason: 'BadInput', message: expect.stringContaining('steps: got') }),
    );
  });

  it('refuses a Workflow without a parameter that has no default', () => {
    const without = { ...workflow({}), parameters: new Map([['machine', 'md-0']]) };
    expect(() => stepInput('kubelet', without, new Map(), around)).toThrow('step kubelet: parameter cluster');
  });
});
