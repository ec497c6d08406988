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
  { name: 'drain', group: '-', onNode: false, timeoutSeconds: 1200 },
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

export const STEP_NAMES = STEPS.map((step) => step.name) as [StepName, ...StepName[]];

export function step(name: StepName): StepRow & { name: StepName } {
  return STEPS.find((row) => row.name === name) as StepRow & { name: StepName };
}
