// The steps of an operation: one row each, in the order in which a node goes through them.

/** quiet: the node is not disturbed; flip: done by the node's own unit, one after the other; '-': by the API. */
export type StepGroup = 'quiet' | 'flip' | '-';
export type Role = 'control-plane' | 'worker';

interface StepRow {
  name: string;
  group: StepGroup;
  /** Does part of it run on the node (in a privileged Job)? */
  onNode: boolean;
  /** How long the work itself may take, unless the policy says otherwise. */
  timeoutSeconds: number;
}

export const STEPS = [
  { name: 'preflight', group: 'quiet', onNode: true, timeoutSeconds: 300 },
  { name: 'protect', group: 'quiet', onNode: false, timeoutSeconds: 60 },
  { name: 'backup', group: 'quiet', onNode: true, timeoutSeconds: 600 },
  { name: 'stage', group: 'quiet', onNode: true, timeoutSeconds: 900 },
  { name: 'prepull', group: 'quiet', onNode: true, timeoutSeconds: 900 },
  { name: 'drain', group: '-', onNode: true, timeoutSeconds: 1200 },
  { name: 'containerd', group: 'flip', onNode: true, timeoutSeconds: 300 },
  { name: 'cni', group: 'flip', onNode: true, timeoutSeconds: 120 },
  { name: 'kubeadm', group: 'flip', onNode: true, timeoutSeconds: 1800 },
  { name: 'configure', group: 'flip', onNode: true, timeoutSeconds: 300 },
  { name: 'kubelet', group: 'flip', onNode: true, timeoutSeconds: 600 },
  { name: 'verify', group: 'flip', onNode: true, timeoutSeconds: 600 },
  { name: 'uncordon', group: '-', onNode: false, timeoutSeconds: 60 },
  { name: 'complete', group: '-', onNode: false, timeoutSeconds: 60 },
] as const satisfies readonly StepRow[];

export type StepName = (typeof STEPS)[number]['name'];

/** Runs as the Workflow's exit handler, whatever happened; not a step of the plan. */
export const FINISH = { name: 'finish', onNode: true, timeoutSeconds: 1800 } as const;

/** By hand only: puts back what an operation changed on the node, as far as that can be done. */
export const ROLLBACK = { name: 'rollback', onNode: true, timeoutSeconds: 900 } as const;

/** By hand only: kubeadm's certificates of a control-plane node, before they expire. */
export const RENEW_CERTIFICATES = { name: 'renew-certificates', onNode: true, timeoutSeconds: 900 } as const;

export const STEP_NAMES = STEPS.map((step) => step.name) as [StepName, ...StepName[]];

export type FlipStep = Extract<(typeof STEPS)[number], { group: 'flip' }>['name'];
export const FLIP_STEPS: readonly FlipStep[] = STEPS.filter((row) => row.group === 'flip').map(
  ({ name }) => name,
);

/** `preflight`, and beside each other behind it the others. */
export type QuietStep = Extract<(typeof STEPS)[number], { group: 'quiet' }>['name'];
export const QUIET_STEPS: readonly QuietStep[] = STEPS.flatMap(({ name, group }) =>
  group === 'quiet' ? [name] : [],
);

/** Also on a node that has nothing to do: from what `stage` leaves `verify` learns just that. */
export const STEPS_WITHOUT_WORK: readonly string[] = ['preflight', 'protect', 'stage', 'verify', 'complete'];

export function isQuietStep(name: string): name is QuietStep {
  return QUIET_STEPS.some((step) => step === name);
}

export function isFlipStep(name: string): name is FlipStep {
  return FLIP_STEPS.some((step) => step === name);
}

export function step(name: StepName): StepRow & { name: StepName } {
  return STEPS.find((row) => row.name === name) as StepRow & { name: StepName };
}
