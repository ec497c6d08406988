import { describe, expect, it } from '@jest/globals';
import { parsePolicy } from '../../src/api/policy.ts';
import type { Role, StepName } from '../../src/api/steps.ts';
import { hostStepList, hostSteps } from '../../src/generators/host-steps.ts';
import { plan, steps } from '../helpers/plan.ts';

function list(role: Role, names: readonly StepName[], policy: unknown = {}): string {
  return hostStepList(plan(role, names), parsePolicy(policy));
}

describe('the list of the node', () => {
  it.each<[string, Role, readonly StepName[], string]>([
    ['a worker', 'worker', steps('drain', 'kubeadm', 'kubelet'), 'kubeadm:1800:2400,kubelet,verify'],
    [
      'a control plane',
      'control-plane',
      steps('kubeadm', 'drain', 'configure', 'kubelet'),
      'kubeadm,configure:300:2400,kubelet,verify',
    ],
    [
      'a control plane with a container runtime',
      'control-plane',
      steps('containerd', 'kubeadm', 'drain', 'kubelet'),
      'containerd,kubeadm,kubelet:600:2400,verify',
    ],
    [
      'a plan that drains for nothing but kubeadm',
      'control-plane',
      steps('kubeadm', 'drain'),
      'kubeadm,verify:600:2400',
    ],
    ['a plan without a drain', 'worker', steps('configure'), 'configure,verify'],
  ])('of %s waits where its pods must have moved away', (_, role, names, expected) => {
    expect(list(role, names)).toBe(expected);
  });

  it('waits as long as the drain may take, and some more', () => {
    const policy = { timeouts: { drain: 3600, kubeadm: 60 } };
    expect(list('worker', steps('drain', 'kubeadm'), policy)).toBe('kubeadm:60:4800,verify');
  });

  it('waits nowhere else', () => {
    const all = hostSteps(plan('worker', steps('drain', 'kubeadm', 'kubelet')), parsePolicy({}));
    expect(all.filter((step) => 'waitSeconds' in step).map(({ name }) => name)).toEqual(['kubeadm']);
  });
});
