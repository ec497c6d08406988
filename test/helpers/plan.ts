import { step, STEP_NAMES, type Role, type StepName } from '../../src/api/steps.ts';
import type { Plan } from '../../src/plan/types.ts';

const DISRUPTIVE: readonly StepName[] = ['drain', 'containerd', 'kubeadm', 'configure', 'kubelet'];

/** All that a plan may have, in the order of a worker. */
export const PLAN_STEPS: readonly StepName[] = STEP_NAMES.filter((name) => name !== 'uncordon');

/** Steps that every plan has, around those given. */
export function steps(...between: StepName[]): StepName[] {
  return ['preflight', 'protect', 'backup', 'stage', ...between, 'verify', 'complete'];
}

/** A plan of these steps in this order. */
export function plan(role: Role, names: readonly StepName[], overrides: Partial<Plan> = {}): Plan {
  return {
    role,
    kubernetes: 'v1.34.3',
    release: 'v1.34.3',
    hash: 'v1-0123456789abcdef',
    steps: names.map((name) => ({
      name,
      group: step(name).group,
      disruptive: DISRUPTIVE.includes(name),
      reason: 'test',
    })),
    ...overrides,
  };
}
