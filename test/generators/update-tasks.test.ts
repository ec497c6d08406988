import { describe, expect, it } from '@jest/globals';
import type { IDAGTask } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/DAGTask';
import { parsePolicy } from '../../src/api/policy.ts';
import { isQuietStep, type StepName } from '../../src/api/steps.ts';
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

function dependencies({ depends }: IDAGTask): string[] {
  return depends === undefined ? [] : depends.split(' && ').map((part) => part.replace(/\.Succeeded$/, ''));
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

  it('lets Argo begin everything at once, but complete, which needs all to have ended well', () => {
    for (const each of given.slice(0, -1)) expect([each.name, each.depends]).toEqual([each.name, undefined]);
    expect(dependencies(given.at(-1)!)).toEqual(names.slice(0, -1));
  });

  it('refers to no output: nothing waits for Argo to tell it', () => {
    expect(JSON.stringify(given)).not.toContain('{{');
  });

  it('waits in the pod of the step itself: quiet ones for preflight, all else for those', () => {
    const quiet = names.filter((name) => isQuietStep(name));
    for (const each of given) {
      const { name } = each;
      const behind =
        name === 'complete' || name === 'preflight'
          ? undefined
          : isQuietStep(name)
            ? 'preflight'
            : quiet.join();
      expect([name, argument(each, 'behind')]).toEqual([name, behind]);
    }
  });
});

describe('updateTasks', () => {
  const QUIET_SECONDS = 300 + 60 + 600 + 900 + 900;

  it('gives what waits for preflight the time for it, and for an API server that is away', () => {
    expect(argument(task('stage'), 'deadline-seconds')).toBe(String(300 + 900 + 1200));
    expect(argument(task('protect'), 'deadline-seconds')).toBe(String(300 + 60 + 1200));
  });

  it('tells them what the policy gives those that they wait for, and gives them the time for it', () => {
    const given = tasks(LATE, { timeouts: { backup: 1800 } });
    expect(argument(task('kubeadm', given), 'behind')).toBe('preflight,protect,backup:1800,stage,prepull');
    expect(argument(task('kubeadm', given), 'deadline-seconds')).toBe(
      String(1800 + 1200 + 300 + 60 + 1800 + 900 + 900),
    );
  });

  it('gives a list that a new containerd may turn round the time of both orders', () => {
    const all = tasks(steps('containerd', 'cni', 'kubeadm', 'drain', 'kubelet'));
    // containerd may wait for the drain, 2400 s, or the drain for kubeadm
    const quiet = 300 + 60 + 600 + 900;
    expect(argument(task('containerd', all), 'deadline-seconds')).toBe(String(quiet + 300 + 1200 + 2400));
    expect(argument(task('drain', all), 'deadline-seconds')).toBe(
      String(quiet + 1200 + 1200 + 300 + 120 + 1800),
    );
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
