import { describe, expect, it } from '@jest/globals';
import { askOf } from '../../src/api/external-owner.ts';
import { parsePolicy } from '../../src/api/policy.ts';
import { externalUpgradeWorkflow, type ExternalUpgradeInput } from '../../src/generators/external-upgrade.ts';
import type { MachineUpgrade } from '../../src/plan/external.ts';
import { controlPlane, machineDeployment } from '../helpers/external.ts';
import { expectGolden, toYaml } from '../helpers/golden.ts';
import { PLAN_STEPS, plan, steps } from '../helpers/plan.ts';

function upgrade(role: 'control-plane' | 'worker', name: string): MachineUpgrade {
  return {
    name,
    uid: `${name}-uid`,
    nodeName: name,
    number: 2,
    hash: 'v1-0123456789abcdef',
    plan: plan(
      role,
      role === 'worker'
        ? steps('prepull', 'drain', 'kubeadm', 'kubelet')
        : steps('prepull', 'kubeadm', 'drain', 'kubelet'),
    ),
    patches: { machine: {}, bootstrapConfig: {}, infrastructureMachine: {} },
  };
}

function workers(count: number, concurrency = 1): ExternalUpgradeInput {
  const names = Array.from({ length: count }, (_, index) => `md-${index}.site`);
  return {
    ask: askOf(machineDeployment()),
    apiVersion: 'cluster.x-k8s.io/v1beta2',
    number: 3,
    upgrades: names.map((name) => upgrade('worker', name)),
    policy: parsePolicy({ workers: { concurrency } }),
    version: '0.1.0',
  };
}

const ofControlPlane: ExternalUpgradeInput = {
  ask: askOf(controlPlane()),
  apiVersion: 'controlplane.cluster.x-k8s.io/v1beta2',
  number: 1,
  upgrades: ['cp-a', 'cp-b', 'cp-c'].map((name) => upgrade('control-plane', name)),
  policy: parsePolicy({}),
  version: '0.1.0',
};

interface Task {
  name: string;
  depends?: string;
  templateRef?: { template: string };
}

function tasksOf(input: ExternalUpgradeInput, template: string): Task[] {
  const found = externalUpgradeWorkflow(input).spec?.templates?.find(({ name }) => name === template);
  return (found?.dag?.tasks ?? []) as Task[];
}

/** Machines that may run beside each: all that neither wait for it nor are waited for. */
function mostAtOnce(input: ExternalUpgradeInput): number {
  const tasks = tasksOf(input, 'upgrade').slice(1);
  const done = new Set(['prepare']);
  let most = 0;
  for (;;) {
    const ready = tasks.filter(
      ({ name, depends = '' }) =>
        !done.has(name) && depends.split(' && ').every((each) => done.has(each.replace('.Succeeded', ''))),
    );
    if (ready.length === 0) break;
    most = Math.max(most, ready.length);
    // The last of them first: no order of ends may let more begin.
    done.add(ready.at(-1)?.name ?? '');
  }
  expect(done.size).toBe(tasks.length + 1);
  return most;
}

describe('the Workflow of an owner', () => {
  it.each([
    ['external-control-plane-workflow', ofControlPlane],
    ['external-workers-workflow', workers(3, 2)],
  ])('%s is as recorded', (name, input) => {
    expectGolden(`generators/${name}.yaml`, toYaml(externalUpgradeWorkflow(input)));
  });

  it.each([
    [1, 5],
    [2, 7],
    [3, 7],
    [10, 4],
  ])('lets at most %d of %d workers be upgraded at a time', (atOnce, count) => {
    expect(mostAtOnce(workers(count, atOnce))).toBe(Math.min(atOnce, count));
  });

  it('upgrades one control-plane Machine after the other, however many workers may run', () => {
    expect(mostAtOnce({ ...ofControlPlane, policy: parsePolicy({ workers: { concurrency: 9 } }) })).toBe(1);
  });

  it('begins no Machine before those that it waits for have ended well', () => {
    const depends = tasksOf(workers(4, 2), 'upgrade').map((task) => task.depends ?? '');
    expect(
      depends
        .join(' && ')
        .split(' && ')
        .every((each) => each === '' || each.endsWith('.Succeeded')),
    ).toBe(true);
  });

  it('does every step between begin and settle, and complete last', () => {
    const input = {
      ...ofControlPlane,
      upgrades: [{ ...upgrade('control-plane', 'cp-a'), plan: plan('control-plane', PLAN_STEPS) }],
    };
    const names = tasksOf(input, 'machine').map(({ name }) => name);
    expect(names).toEqual(['begin', ...PLAN_STEPS.slice(0, -1), 'settle', 'complete']);
    const waitsFor = Object.fromEntries(
      tasksOf(input, 'machine').map(({ name, depends }) => [name, depends]),
    );
    expect(waitsFor).toMatchObject({
      preflight: 'begin.Succeeded',
      settle: expect.stringContaining('verify.Succeeded'),
      complete: 'settle.Succeeded',
    });
  });

  it('has no hash, file or secret of a patch in it', () => {
    const secret = upgrade('worker', 'md-a');
    const patches = { ...secret.patches, bootstrapConfig: { spec: { files: [{ content: 'hush' }] } } };
    const input = { ...workers(1), upgrades: [{ ...secret, patches }] };
    expect(JSON.stringify(externalUpgradeWorkflow(input))).not.toContain('hush');
  });

  it('is not made for nothing', () => {
    expect(() => externalUpgradeWorkflow(workers(0))).toThrow('at least one Machine');
  });
});
