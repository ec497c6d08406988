import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parsePolicy } from '../../src/api/policy.ts';
import { STEP_NAMES } from '../../src/api/steps.ts';
import { stepTemplates } from '../../src/generators/step-templates.ts';
import { updateMachineWorkflow, type UpdateMachineInput } from '../../src/generators/update-machine.ts';
import { expectGolden, GOLDEN_FOLDER, toYaml } from '../helpers/golden.ts';
import { plan, PLAN_STEPS, steps } from '../helpers/plan.ts';

const worker = {
  namespace: 'lab',
  name: 'lab-md-0-x7k2p-9hq4d',
  uid: '5f0c2a8e-6b7d-4c1f-9a3e-2d4b6c8e0f12',
  cluster: 'lab',
  nodeName: 'lab-md-0-x7k2p-9hq4d',
};
const controlPlane = {
  namespace: 'lab',
  name: 'lab-control-plane-wvb7f',
  uid: '1a9d4e70-3c52-4b8f-8e61-7f0a2b3c4d5e',
  cluster: 'lab',
  nodeName: 'lab-control-plane-wvb7f',
};

function input(overrides: Partial<UpdateMachineInput> = {}): UpdateMachineInput {
  return {
    machine: worker,
    number: 3,
    plan: plan('worker', PLAN_STEPS),
    policy: parsePolicy({}),
    version: '0.1.0',
    from: 'v1.33.7',
    ...overrides,
  };
}

const CASES: Record<string, UpdateMachineInput> = {
  'control-plane-upgrade': input({
    machine: controlPlane,
    number: 1,
    plan: plan('control-plane', steps('prepull', 'kubeadm', 'drain', 'kubelet')),
  }),
  'worker-upgrade': input({
    number: 1,
    plan: plan('worker', steps('prepull', 'drain', 'kubeadm', 'kubelet')),
  }),
  'worker-files-only': input({
    number: 2,
    from: 'v1.34.3',
    plan: plan('worker', steps('drain', 'configure')),
  }),
  'worker-containerd-and-cni': input({
    from: 'v1.34.3',
    plan: plan('worker', steps('drain', 'containerd', 'cni'), { release: 'v1.34.3-containerd-2.1.4' }),
  }),
  'control-plane-full': input({
    machine: controlPlane,
    number: 4,
    plan: plan(
      'control-plane',
      steps('prepull', 'containerd', 'cni', 'kubeadm', 'drain', 'configure', 'kubelet'),
    ),
    policy: parsePolicy({ drain: 'always', timeouts: { drain: 3600, kubeadm: 2400 } }),
  }),
};

describe('updateMachineWorkflow', () => {
  it.each(Object.entries(CASES))('%s', (name, given) => {
    expectGolden(`generators/workflow-${name}.yaml`, toYaml(updateMachineWorkflow(given)));
  });

  it('has no golden file that no case writes', () => {
    const files = Object.keys(CASES).map((name) => `workflow-${name}.yaml`);
    const written = readdirSync(`${GOLDEN_FOLDER}generators`).filter((file) => file.startsWith('workflow-'));
    expect(written.sort()).toEqual(files.sort());
  });

  it('is the same for the same input', () => {
    expect(toYaml(updateMachineWorkflow(input()))).toBe(toYaml(updateMachineWorkflow(input())));
  });

  it('names another operation of the same Machine differently', () => {
    const names = [1, 2].map((number) => updateMachineWorkflow(input({ number })).metadata.name);
    expect(new Set(names).size).toBe(2);
  });

  it('lets one control-plane machine of a Cluster at a time, and as many workers as its ConfigMap says', () => {
    const locks = (given?: UpdateMachineInput) =>
      updateMachineWorkflow(given ?? input()).spec.synchronization;
    expect(locks(CASES['control-plane-upgrade'])).toEqual({ mutexes: [{ name: 'lab-control-plane' }] });
    expect(locks(CASES['worker-upgrade'])).toEqual({
      semaphores: [{ configMapKeyRef: { name: 'lab-refit-concurrency', key: 'workers' } }],
    });
  });

  it('passes exactly the parameters that the step templates take from the Workflow', () => {
    const image = `registry.example.com/refit@sha256:${'a'.repeat(64)}`;
    const templates = JSON.stringify(stepTemplates({ version: '0.1.0', image }));
    const taken = new Set(
      [...templates.matchAll(/\{\{workflow\.parameters\.([^}]+)\}\}/g)].map(([, name]) => name),
    );
    const passed = updateMachineWorkflow(input()).spec.arguments?.parameters?.map(({ name }) => name);
    expect([...taken].sort()).toEqual([...(passed ?? [])].sort());
  });

  it('names no image and no Secret anywhere', () => {
    const text = JSON.stringify(Object.values(CASES).map(updateMachineWorkflow));
    expect(text).not.toMatch(/image|sha256:|secret|token|password/i);
  });

  it.each([
    [{ from: 'v1.33.7' }, 'worker lab/lab-md-0-x7k2p-9hq4d: v1.33.7 to v1.34.3, operation 3'],
    [{ from: 'v1.34.3' }, 'worker lab/lab-md-0-x7k2p-9hq4d: stays at v1.34.3, operation 3'],
  ])('is titled for people: %j', (overrides, title) => {
    expect(updateMachineWorkflow(input(overrides)).metadata.annotations).toMatchObject({
      'workflows.argoproj.io/title': title,
    });
  });

  describe('with the longest names and every timeout overridden', () => {
    const name = `${'a.'.repeat(126)}b`;
    const machine = { namespace: 'n'.repeat(63), name, uid: worker.uid, cluster: name, nodeName: name };
    const timeouts = Object.fromEntries(STEP_NAMES.map((step) => [step, 86_399]));
    const workflow = updateMachineWorkflow(
      input({ machine, number: 999_999, policy: parsePolicy({ drain: 'always', timeouts }) }),
    );

    it('keeps the spec under 8 KiB', () => {
      expect(Buffer.byteLength(JSON.stringify(workflow.spec))).toBeLessThan(8 * 1024);
    });

    it('has a name and labels that Kubernetes accepts', () => {
      for (const value of [workflow.metadata.name, ...Object.values(workflow.metadata.labels ?? {})]) {
        expect(value).toMatch(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/);
      }
    });
  });
});
