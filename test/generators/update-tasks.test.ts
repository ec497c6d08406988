import { describe, expect, it } from '@jest/globals';
import type { IDAGTask } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/DAGTask';
import { parsePolicy } from '../../src/api/policy.ts';
import type { StepName } from '../../src/api/steps.ts';
import { updateTasks } from '../../src/generators/update-tasks.ts';
import { plan, PLAN_STEPS, steps } from '../helpers/plan.ts';

function tasks(names: readonly StepName[] = PLAN_STEPS, policy: unknown = {}): IDAGTask[] {
  return updateTasks({ plan: plan('worker', names), policy: parsePolicy(policy), version: '0.1.0' });
}

/** As a control plane without a new container runtime is drained. */
const LATE = steps('prepull', 'kubeadm', 'drain', 'configure', 'kubelet');

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
function run(given: IDAGTask[], work: boolean, failing?: string) {
  const phases: Record<string, string> = {};
  for (const each of given) {
    const mayRun = clauses(each).every((accepted) =>
      accepted.some((text) => text === `${text.split('.')[0]}.${phases[text.split('.')[0] ?? '']}`),
    );
    const isSkipped = each.when === "'{{tasks.preflight.outputs.parameters.work}}' == 'true'" && !work;
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
  ['every step', PLAN_STEPS],
  ['files only', steps('drain', 'configure')],
  ['a late drain', LATE],
  ['no drain', steps('kubeadm', 'kubelet')],
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
    const phases = run(given, true, failing);
    for (const each of given) {
      if (ancestors(each.name, given).has(failing))
        expect([each.name, phases[each.name]]).toEqual([each.name, 'Omitted']);
    }
    expect(phases['complete']).not.toBe('Succeeded');
  });

  it('runs everything when there is work', () => {
    const phases = run(given, true);
    expect(new Set(Object.values(phases))).toEqual(new Set(['Succeeded']));
  });

  it('leaves the node alone when there is none, and still verifies and completes', () => {
    const phases = run(given, false);
    const ran = Object.keys(phases).filter((name) => phases[name] === 'Succeeded');
    expect(ran).toEqual(['preflight', 'protect', 'stage', 'verify', 'complete']);
    expect(Object.values(phases)).not.toContain('Omitted');
  });
});

describe('updateTasks', () => {
  const QUIET = ['protect', 'backup', 'stage', 'prepull'];
  const QUIET_SECONDS = 60 + 600 + 900 + 900;

  it('prepares and protects in parallel, only after preflight: what it refuses leaves no protection behind', () => {
    for (const name of ['protect', 'backup', 'stage', 'prepull'] as const) {
      expect(dependencies(task(name))).toEqual(['preflight']);
    }
  });

  it.each<[string, string, readonly StepName[]]>([
    ['an early drain', 'protect,backup,stage,prepull', PLAN_STEPS],
    ['a late drain', 'protect,backup,stage,prepull', LATE],
    ['no drain', 'protect,backup,stage', steps('kubeadm', 'kubelet')],
    ['nothing else', 'protect,backup,stage', steps()],
  ])(
    'starts with %s all that the node does by itself beside the quiet steps: it waits for %s',
    (_, behind, names) => {
      const given = tasks(names);
      const once = names.filter((name) => !['preflight', ...QUIET, 'complete'].includes(name));
      for (const name of once) expect([name, dependencies(task(name, given))]).toEqual([name, ['preflight']]);
      for (const name of once) expect([name, argument(task(name, given), 'behind')]).toEqual([name, behind]);
      expect(dependencies(task('complete', given))).toEqual(names.slice(1, -1));
      expect(given.filter((each) => argument(each, 'behind') !== undefined)).toHaveLength(once.length);
    },
  );

  it('tells them what the policy gives those that they wait for, and gives them the time for it', () => {
    const given = tasks(LATE, { timeouts: { backup: 1800 } });
    expect(argument(task('kubeadm', given), 'behind')).toBe('protect,backup:1800,stage,prepull');
    expect(argument(task('kubeadm', given), 'deadline-seconds')).toBe(
      String(1800 + 1200 + 60 + 1800 + 900 + 900),
    );
  });

  it('lets the node say whether a new containerd must find it drained first, where that is not so anyway', () => {
    const all = steps('containerd', 'cni', 'kubeadm', 'drain', 'kubelet');
    const told = tasks(all).filter((each) => argument(each, 'drain-first') !== undefined);
    expect(told.map(({ name }) => name)).toEqual([
      'stage',
      ...['containerd', 'cni', 'kubeadm', 'drain', 'kubelet', 'verify'],
    ]);
    expect(argument(task('stage', tasks(all)), 'drain-first')).toBe(
      '{{tasks.preflight.outputs.parameters.drain-first}}',
    );
    // containerd may wait for the drain, 2400 s, or the drain for kubeadm
    const quiet = 60 + 600 + 900;
    expect(argument(task('containerd', tasks(all)), 'deadline-seconds')).toBe(
      String(quiet + 300 + 1200 + 2400),
    );
    expect(argument(task('drain', tasks(all)), 'deadline-seconds')).toBe(
      String(quiet + 1200 + 1200 + 300 + 120 + 1800),
    );
    for (const given of [tasks(), tasks(LATE)]) {
      for (const each of given) expect(argument(each, 'drain-first')).toBeUndefined();
    }
  });

  it('tells all that know the plan whether pods must move away', () => {
    const told = tasks().filter((each) => argument(each, 'needed') !== undefined);
    const itself = ['containerd', 'cni', 'kubeadm', 'configure', 'kubelet', 'verify'];
    expect(told.map(({ name }) => name)).toEqual(['stage', 'drain', ...itself]);
    expect(argument(task('stage'), 'needed')).toBe('{{tasks.preflight.outputs.parameters.drain}}');
    for (const each of tasks(steps('kubeadm', 'kubelet'))) expect(argument(each, 'needed')).toBeUndefined();
  });

  it('gives an attached step the time of those before it, and of the drain', () => {
    // quiet steps, own timeout + 1200 s; the list waits for the drain for 1200 + 1200 s
    expect(argument(task('containerd'), 'deadline-seconds')).toBe(String(QUIET_SECONDS + 300 + 1200 + 2400));
    // kubelet waits for containerd 300 s, cni 120 s, kubeadm 1800 s and configure 300 s
    expect(argument(task('kubelet'), 'deadline-seconds')).toBe(
      String(QUIET_SECONDS + 600 + 1200 + 2400 + 300 + 120 + 1800 + 300),
    );
  });

  it('gives a late drain the time of what comes before it', () => {
    const given = tasks(LATE);
    expect(argument(task('drain', given), 'deadline-seconds')).toBe(
      String(QUIET_SECONDS + 1200 + 1200 + 1800),
    );
    expect(argument(task('configure', given), 'deadline-seconds')).toBe(
      String(QUIET_SECONDS + 300 + 1200 + 1800 + 2400),
    );
  });

  it('passes timeouts only where the policy differs', () => {
    const given = tasks(PLAN_STEPS, { timeouts: { drain: 3600 } });
    expect(argument(task('drain', given), 'timeout-seconds')).toBe('3600');
    expect(argument(task('drain', given), 'deadline-seconds')).toBe(String(QUIET_SECONDS + 3600 + 1200));
    expect(argument(task('kubeadm', given), 'timeout-seconds')).toBeUndefined();
    expect(task('preflight', given).arguments).toBeUndefined();
  });

  it('refuses a task that uncordons: verify does it', () => {
    expect(() => tasks([...steps('kubelet'), 'uncordon'])).toThrow('expected no uncordon among them');
  });

  it.each(['preflight', 'protect', 'stage', 'verify', 'complete'] as const)(
    'refuses a plan without %s',
    (missing) => {
      const names = PLAN_STEPS.filter((name) => name !== missing);
      expect(() => tasks(names)).toThrow(`expected ${missing} among them`);
    },
  );
});
