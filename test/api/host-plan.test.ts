import { describe, expect, it } from '@jest/globals';
import {
  drainedFirst,
  hostPlanDigest,
  hostPlanSchema,
  secondsBefore,
  stepsAtDrain,
  waitingAsNeeded,
  type DrainNeed,
  type HostPlan,
} from '../../src/api/host-plan.ts';

const PLAN: HostPlan = {
  version: 1,
  operation: 'refit-edge-1-0badcafe-3',
  hash: 'v1-0123456789abcdef',
  machine: { namespace: 'site', name: 'edge-1', uid: 'u-1' },
  cluster: 'edge',
  node: { name: 'edge-1', uid: 'n-1', machineID: 'm-1', providerID: 'metal://1' },
  role: 'worker',
  kubernetes: 'v1.34.3',
  release: 'r1',
  desiredSha256: '0'.repeat(64),
  policy: { untestedHosts: 'refuse', keepBackups: 2 },
  steps: [
    { name: 'kubeadm', timeoutSeconds: 60 },
    { name: 'kubelet', timeoutSeconds: 60 },
  ],
};

describe('the schema', () => {
  it('takes a plan', () => {
    expect(hostPlanSchema.parse(PLAN)).toEqual(PLAN);
  });

  it.each<[string, object]>([
    ['an unknown field', { surprise: 1 }],
    ['another version', { version: 2 }],
    ['an unknown step', { steps: [{ name: 'reboot', timeoutSeconds: 60 }] }],
    ['a step without bound', { steps: [{ name: 'kubelet', timeoutSeconds: 0 }] }],
    [
      'a wait that is one perhaps',
      { steps: [{ name: 'kubelet', timeoutSeconds: 60, unlessFlipped: false }] },
    ],
    ['a wait without bound', { steps: [{ name: 'kubelet', timeoutSeconds: 60, waitSeconds: 0 }] }],
    ['an operation that is a path', { operation: '../../etc' }],
    ['a host without identity', { node: { name: 'edge-1', uid: 'n-1' } }],
    ['an unknown way to move a control plane', { controlPlane: { method: 'swap' } }],
    ['an unknown role', { role: 'etcd' }],
  ])('refuses %s', (_, change) => {
    expect(hostPlanSchema.safeParse({ ...PLAN, ...change }).success).toBe(false);
  });
});

describe('the digest', () => {
  it('is a sha256 that does not depend on the order of fields', () => {
    const turned = Object.fromEntries(Object.entries(PLAN).reverse()) as HostPlan;
    expect(hostPlanDigest(PLAN)).toMatch(/^[0-9a-f]{64}$/);
    expect(hostPlanDigest(turned)).toBe(hostPlanDigest(PLAN));
  });

  it.each<[string, Partial<HostPlan>]>([
    ['operation', { operation: 'refit-edge-1-0badcafe-4' }],
    ['hash', { hash: 'v1-f' }],
    ['machine', { machine: { ...PLAN.machine, uid: 'u-2' } }],
    ['node', { node: { ...PLAN.node, machineID: 'm-2' } }],
    ['release', { release: 'r2' }],
    ['method of a control plane', { controlPlane: { method: 'flip' } }],
    ['order of steps', { steps: PLAN.steps.toReversed() }],
    ['wait of a step', { steps: PLAN.steps.map((step) => ({ ...step, waitSeconds: 60 })) }],
  ])('changes with the %s', (_, change) => {
    expect(hostPlanDigest({ ...PLAN, ...change })).not.toBe(hostPlanDigest(PLAN));
  });

  it('refuses what is no plan', () => {
    expect(() => hostPlanDigest({ ...PLAN, operation: 'Not a name' })).toThrow();
  });
});

describe('a list that waits for drain', () => {
  const list = [
    { name: 'kubeadm', timeoutSeconds: 100 },
    { name: 'configure', timeoutSeconds: 20, waitSeconds: 1000 },
    { name: 'kubelet', timeoutSeconds: 30 },
  ] as const;

  it('names the step that waits, and the one before it', () => {
    expect(stepsAtDrain(list)).toEqual({ waiting: list[1], before: list[0] });
    expect(stepsAtDrain(list.slice(1))).toEqual({ waiting: list[1], before: undefined });
    expect(stepsAtDrain(list.slice(2))).toEqual({ waiting: undefined, before: undefined });
  });

  it('waits with its first step when it must be drained first', () => {
    const wait = { waitSeconds: 1000 };
    expect(drainedFirst(list)).toEqual([
      { ...list[0], ...wait },
      { name: 'configure', timeoutSeconds: 20 },
      list[2],
    ]);
    expect(drainedFirst(list.slice(2))).toEqual(list.slice(2));
    expect(drainedFirst(drainedFirst(list))).toEqual(drainedFirst(list));
  });

  it.each<[DrainNeed, object | undefined]>([
    ['true', { waitSeconds: 1000 }],
    ['unless-flipped', { waitSeconds: 1000, unlessFlipped: true }],
    ['false', undefined],
  ])('waits only for what must move away: %s', (needed, wait) => {
    const step = { name: 'configure', timeoutSeconds: 20 };
    expect(waitingAsNeeded(list, needed)).toEqual([list[0], { ...step, ...wait }, list[2]]);
  });

  it.each([
    ['kubeadm', 0],
    ['drain', 100],
    ['configure', 1100],
    ['kubelet', 1120],
    ['verify', 0],
  ])('begins %s after %s s at most', (step, seconds) => {
    expect(secondsBefore(step, list)).toBe(seconds);
  });
});
