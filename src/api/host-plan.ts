// plan.json on the node: what the operation's unit may do there, and on which machine. Written by `stage`.
import { z } from 'zod';
import { jsonDigest } from './json.ts';
import { FLIP_STEPS } from './steps.ts';

/** auto: flip on the only member of etcd, else kubeadm. */
export const CONTROL_PLANE_METHODS = ['auto', 'flip', 'kubeadm'] as const;
export type ControlPlaneMethod = (typeof CONTROL_PLANE_METHODS)[number];

/** Must pods move away? unless-flipped: only the move of the control plane disturbs them, and a flip does not. */
export const DRAIN_NEEDS = ['true', 'unless-flipped', 'false'] as const;
export type DrainNeed = (typeof DRAIN_NEEDS)[number];

export const hostPlanSchema = z.strictObject({
  version: z.literal(1),
  operation: z.string().regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/),
  hash: z.string(),
  machine: z.strictObject({ namespace: z.string(), name: z.string(), uid: z.string() }),
  cluster: z.string(),
  /** Identity of the host: a plan that meets another one is refused. */
  node: z.strictObject({
    name: z.string(),
    uid: z.string(),
    machineID: z.string(),
    providerID: z.string().optional(),
  }),
  role: z.enum(['control-plane', 'worker']),
  kubernetes: z.string(),
  release: z.string(),
  /** Of the desired configuration (desired-configuration.ts) that the plan was made for. */
  desiredSha256: z.string().regex(/^[0-9a-f]{64}$/),
  policy: z.strictObject({
    /** Go on where nobody has tried it: another OS layout than Debian's or Ubuntu's by image-builder. */
    untestedHosts: z.enum(['refuse', 'allow']),
    /** Backups that are kept besides the one of this operation. */
    keepBackups: z.int().min(0),
  }),
  /** Only on control planes. How its static pods are moved: by kubeadm one after the other, or all at once (docs/flip.md). */
  controlPlane: z.strictObject({ method: z.enum(CONTROL_PLANE_METHODS) }).optional(),
  /** What the node does by itself, in order, each with its bound; empty for launches that hand nothing over. */
  steps: z.array(
    z.strictObject({
      name: z.enum(FLIP_STEPS),
      timeoutSeconds: z.int().min(1),
      /** Does not begin before a launch of `drain` lets it; so long it is waited for. */
      waitSeconds: z.int().min(1).optional(),
      /** Does not wait if the step before it flipped the control plane. */
      unlessFlipped: z.literal(true).optional(),
    }),
  ),
});

export type HostPlan = z.infer<typeof hostPlanSchema>;
export type ListedStep = HostPlan['steps'][number];

/** What the launchers pass as `plan-sha256` and the host checks at every start. */
export function hostPlanDigest(plan: HostPlan): string {
  return jsonDigest(hostPlanSchema.parse(plan));
}

/** The step that waits for `drain`, and the one before it. undefined: none waits; the list begins with it. */
export function stepsAtDrain(steps: readonly ListedStep[]): {
  waiting: ListedStep | undefined;
  before: ListedStep | undefined;
} {
  const index = steps.findIndex(({ waitSeconds }) => waitSeconds !== undefined);
  return { waiting: steps[index], before: steps[index - 1] };
}

/** The same list when the first step of it must wait already. */
export function drainedFirst(steps: readonly ListedStep[]): ListedStep[] {
  const waitSeconds = stepsAtDrain(steps).waiting?.waitSeconds;
  return steps.map(({ name, timeoutSeconds }, index) => ({
    name,
    timeoutSeconds,
    ...(index === 0 && waitSeconds !== undefined ? { waitSeconds } : {}),
  }));
}

/** The same list when the node was asked whether pods must move away: what need not wait for Argo does not. */
export function waitingAsNeeded(steps: readonly ListedStep[], needed: DrainNeed): ListedStep[] {
  return steps.map(({ waitSeconds, ...step }) => {
    if (waitSeconds === undefined || needed === 'false') return step;
    return { ...step, waitSeconds, ...(needed === 'unless-flipped' ? { unlessFlipped: true as const } : {}) };
  });
}

/** From the moment at which all of them are launched until the step may begin, at most. Of other steps: 0. */
export function secondsBefore(step: string, steps: readonly ListedStep[]): number {
  const index = steps.findIndex(({ name, waitSeconds }) =>
    step === 'drain' ? waitSeconds !== undefined : name === step,
  );
  const before = steps.slice(0, Math.max(0, index)).reduce((sum, each) => sum + each.timeoutSeconds, 0);
  const waits = step === 'drain' ? [] : steps.slice(0, index + 1);
  return waits.reduce((sum, { waitSeconds = 0 }) => sum + waitSeconds, before);
}
