import { describe, expect, it } from '@jest/globals';
import type { IDAGTask } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/DAGTask';
import { parsePolicy } from '../../src/api/policy.ts';
import { STEP_NAMES, type StepName } from '../../src/api/steps.ts';
import { updateTasks } from '../../src/generators/update-tasks.ts';
import { plan, steps } from '../helpers/plan.ts';

function tasks(names: readonly StepName[] = STEP_NAMES, policy: unknown = {}): IDAGTask[] {
  return updateTasks({ plan: plan('worker', names), policy: parsePolicy(policy), version: '0.1.0' });
}

function task(name: StepName, from = tasks()): IDAGTask {
  return from.find((candidate) => candidate.name === name)!;
}

function argument(from: IDAGTask, name: string): string | undefined {
  return from.arguments?.parameters?.find((parameter) => parameter.name === name)?.value;
}

/** `(a.Succeeded || a.Skipped) && b.Succeeded` -> [['a.Succeeded', 'a.Skipped'], ['b.Succeeded']] */
function clauses({ depends = '' }: IDAGTask): string[][] {
  const parts = depends === '' ? [] : depends.split(' && ');
  return parts.map((part) => part.replace(/^\((.*)\)$/, '$1').split(' || '));
}

function dependencies(from: IDAGTask): string[] {
  return clauses(from).map(([first = '']) => first.split('.')[0] ?? '');
}

/** What becomes of each task, as Argo decides it: `depends` first, then `when`. */
function run(given: IDAGTask[], outputs: { work: boolean; drain: boolean }, failing?: string) {
  const phases: Record<string, string> = {};
  for (const each of given) {
    const mayRun = clauses(each).every((accepted) =>
      accepted.some((text) => text === `${text.split('.')[0]}.${phases[text.split('.')[0] ?? '']}`),
    );
    const [, output] = /outputs\.parameters\.(work|drain)\}\}' == 'true'$/.exec(each.when ?? '') ?? [];
    const isSkipped = output !== undefined && !outputs[output as 'work' | 'drain'];
    const ended = each.name === failing ? 'Failed' : 'Succeeded';
    phases[each.name] = !mayRun ? 'Omitted' : isSkipped ? 'Skipped' : ended;
  }
  return phases;
}

function ancestors(name: string, given: IDAGTask[]): Set<string> {
  const direct = dependencies(task(name as StepName, given));
  return new Set(direct.flatMap((each) => [each, ...ancestors(each, given)]));
}

const PLANS: [string, readonly StepName[]][] = [
  ['every step', STEP_NAMES],
  ['files only', steps('drain', 'configure')],
  ['no drain', steps('kubeadm', 'kubelet').filter((name) => name !== 'uncordon')],
  ['nothing but verify', steps()],
];

describe.each(PLANS)('updateTasks of a plan with %s', (_name, names) => {
  const given = tasks(names);

  it('has one task per step, named like it, in order', () => {
    expect(given.map(({ name }) => name)).toEqual(names);
    expect(given.map(({ templateRef }) => templateRef)).toEqual(
      names.map((template) => ({ name: 'refit-steps-0-1-0', template, clusterScope: true })),
    );
  });

  it('depends only on tasks before it: no cycles, nothing unknown', () => {
    given.forEach((each, index) => {
      const before = given.slice(0, index).map(({ name }) => name);
      expect(before).toEqual(expect.arrayContaining(dependencies(each)));
    });
  });

  it('refers only to outputs of tasks before it that are never skipped', () => {
    for (const each of given) {
      const referred = [...JSON.stringify(each).matchAll(/tasks\.(\w+)\.outputs/g)].map(
        ([, name]) => name ?? '',
      );
      for (const name of referred) {
        expect(ancestors(each.name, given)).toContain(name);
        expect(task(name as StepName, given).when).toBeUndefined();
      }
    }
  });

  it.each(names)('when %s fails, starts nothing that comes after it, and never completes', (failing) => {
    const phases = run(given, { work: true, drain: true }, failing);
    for (const each of given) {
      if (ancestors(each.name, given).has(failing))
        expect([each.name, phases[each.name]]).toEqual([each.name, 'Omitted']);
    }
    expect(phases['complete']).not.toBe('Succeeded');
  });

  it('runs everything when there is work', () => {
    const phases = run(given, { work: true, drain: true });
    expect(new Set(Object.values(phases))).toEqual(new Set(['Succeeded']));
  });

  it('leaves the node alone when there is none, and still verifies and completes', () => {
    const phases = run(given, { work: false, drain: false });
    const ran = Object.keys(phases).filter((name) => phases[name] === 'Succeeded');
    expect(ran).toEqual(['preflight', 'protect', 'stage', 'verify', 'complete']);
    expect(Object.values(phases)).not.toContain('Omitted');
  });
});

describe('updateTasks', () => {
  it('hands the node over once it is drained; the other steps attach at the same time', () => {
    expect(dependencies(task('containerd'))).toEqual(['drain']);
    for (const name of ['cni', 'kubeadm', 'configure', 'kubelet'] as const) {
      expect(dependencies(task(name))).toEqual(['containerd']);
    }
  });

  it('prepares in parallel before the node is drained', () => {
    for (const name of ['backup', 'stage', 'prepull'] as const) {
      expect(dependencies(task(name))).toEqual(['protect']);
    }
    expect(dependencies(task('drain'))).toEqual(['backup', 'stage', 'prepull']);
  });

  it('hands over without a drain when the plan has none', () => {
    const given = tasks(steps('kubeadm', 'kubelet'));
    expect(dependencies(task('kubeadm', given))).toEqual(['backup', 'stage']);
  });

  it('works on a node that need not be drained', () => {
    const phases = run(tasks(), { work: true, drain: false });
    expect(phases).toMatchObject({
      drain: 'Skipped',
      containerd: 'Succeeded',
      uncordon: 'Skipped',
      complete: 'Succeeded',
    });
  });

  it('attaches to each step that the node does by itself once it was handed over', () => {
    for (const name of ['cni', 'kubeadm', 'configure', 'kubelet', 'verify'] as const) {
      expect(dependencies(task(name))).toEqual(['containerd']);
    }
  });

  it('completes after every step of the node', () => {
    expect(dependencies(task('complete'))).toEqual([
      ...['containerd', 'cni', 'kubeadm', 'configure', 'kubelet', 'verify'],
      'uncordon',
    ]);
  });

  it('passes the digest of the plan to every step of the node, and only to those', () => {
    const passed = tasks().filter((each) => argument(each, 'plan-sha256') !== undefined);
    expect(passed.map(({ name }) => name)).toEqual([
      'containerd',
      'cni',
      'kubeadm',
      'configure',
      'kubelet',
      'verify',
    ]);
  });

  it('gives an attached step the time of those before it', () => {
    // own timeout + 1200 s; kubelet waits for cni 120 s, kubeadm 1800 s and configure 300 s
    expect(argument(task('containerd'), 'deadline-seconds')).toBeUndefined();
    expect(argument(task('kubelet'), 'deadline-seconds')).toBe(String(600 + 1200 + 120 + 1800 + 300));
  });

  it('passes timeouts only where the policy differs', () => {
    const given = tasks(STEP_NAMES, { timeouts: { drain: 3600 } });
    expect(task('drain', given).arguments).toEqual({
      parameters: [
        { name: 'timeout-seconds', value: '3600' },
        { name: 'deadline-seconds', value: '3720' },
      ],
    });
    expect(task('preflight', given).arguments).toBeUndefined();
  });

  it.each(['preflight', 'protect', 'stage', 'verify', 'complete'] as const)(
    'refuses a plan without %s',
    (missing) => {
      const names = STEP_NAMES.filter((name) => name !== missing);
      expect(() => tasks(names)).toThrow(`expected ${missing} among them`);
    },
  );
});
