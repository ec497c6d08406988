import type { IWorkflow } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/Workflow';
import { describe, expect, it } from '@jest/globals';
import { policySchema } from '../../../src/api/policy.ts';
import { updateMachineWorkflow } from '../../../src/generators/update-machine.ts';
import { decodeWorkflow } from '../../../src/hook/embedded/workflow.ts';
import { plan, steps } from '../../helpers/plan.ts';

function generated(role: 'control-plane' | 'worker' = 'worker'): IWorkflow {
  return updateMachineWorkflow({
    machine: { namespace: 'lab', name: 'm'.repeat(80), uid: 'machine-uid', cluster: 'edge' },
    number: 7,
    plan: plan(role, steps('kubeadm', 'kubelet')),
    policy: policySchema.parse({}),
    version: '0.1.0',
  });
}

type Tasks = NonNullable<NonNullable<NonNullable<IWorkflow['spec']['templates']>[0]['dag']>['tasks']>;

function withTasks(change: (tasks: Tasks) => void): IWorkflow {
  const workflow = generated();
  change(workflow.spec.templates?.[0]?.dag?.tasks ?? []);
  return workflow;
}

function dependingOn(depends: string): IWorkflow {
  return withTasks((tasks) => Object.assign(tasks[1] ?? {}, { depends }));
}

describe('decodeWorkflow', () => {
  it('knows what the generator makes', () => {
    expect(decodeWorkflow(generated())).toMatchObject({
      namespace: 'lab',
      machine: 'm'.repeat(80),
      machineUid: 'machine-uid',
      operation: '7',
      finish: { step: 'finish' },
      locks: ['lab/ConfigMap/edge-refit-concurrency/workers'],
    });
    expect(decodeWorkflow(generated('control-plane')).locks).toEqual(['lab/Mutex/edge-control-plane']);
    expect(decodeWorkflow(generated()).tasks.map(({ step }) => step)).toEqual(steps('kubeadm', 'kubelet'));
  });

  it.each<[string, IWorkflow, string]>([
    ['no namespace', { ...generated(), metadata: { name: 'a' } }, 'metadata.namespace'],
    [
      'no labels',
      { ...generated(), metadata: { name: 'a', namespace: 'lab' } },
      'metadata.labels["capi-refit.io/machine"]',
    ],
    [
      'no parameters',
      { ...generated(), spec: { ...generated().spec, arguments: {} } },
      'parameters[machine]',
    ],
    [
      'no entrypoint',
      { ...generated(), spec: { ...generated().spec, entrypoint: 'x' } },
      'spec.entrypoint: got "x"',
    ],
    [
      'a task that is no step',
      withTasks((tasks) => tasks.push({ name: 'x', template: 'y' })),
      'task x: templateRef',
    ],
    ['a dependency that is none', dependingOn('x.Succeeded'), 'task protect: depends'],
    ['a circle', dependingOn('preflight.Succeeded && complete.Succeeded'), 'tasks of its DAG'],
    ['an expression that cannot be read', dependingOn('preflight &&'), 'depends: got "preflight &&"'],
  ])('refuses %s', (_, workflow, message) => {
    expect(() => decodeWorkflow(workflow)).toThrow(
      expect.objectContaining({ reason: 'BadInput', message: expect.stringContaining(message) }),
    );
  });
});
