// The contract between generated containers and the CLI: commands, flags, exit codes, output files.
import {
  FINISH,
  FLIP_STEPS,
  RENEW_CERTIFICATES,
  ROLLBACK,
  STEP_NAMES,
  STEPS,
  type StepName,
} from './steps.ts';

/** Exit codes of every command. A step that ends with 1 or 2 is not run again by Argo; any other code is. */
export const EXIT = { done: 0, failed: 1, badInput: 2, temporary: 75 } as const;

/** What a generated Workflow is made of. */
export type OperationCommand = StepName | typeof FINISH.name;
export const OPERATION_COMMANDS: readonly OperationCommand[] = [...STEP_NAMES, FINISH.name];

/** Those that are no part of an update. */
export type HandCommand = typeof ROLLBACK.name | typeof RENEW_CERTIFICATES.name;
export const HAND_COMMANDS: readonly HandCommand[] = [ROLLBACK.name, RENEW_CERTIFICATES.name];

export type StepCommand = OperationCommand | HandCommand;
export const STEP_COMMANDS: readonly StepCommand[] = [...OPERATION_COMMANDS, ...HAND_COMMANDS];

/** Those that a node does, in a Job. `finish` and those by hand too, though they are no steps of a plan. */
export type NodeCommand = Extract<(typeof STEPS)[number], { onNode: true }>['name'] | 'finish' | HandCommand;
export const NODE_COMMANDS: readonly NodeCommand[] = [
  ...STEPS.filter((row) => row.onNode).map(({ name }) => name),
  FINISH.name,
  ...HAND_COMMANDS,
];

interface StepParameter {
  /** Flag of `refit step <name>` and, without the dashes, parameter of the Workflow or of the template. */
  name: string;
  description: string;
  /** Absent: the parameter must be given. */
  default?: string;
  /** Steps that take it; absent: all of them. */
  steps?: readonly StepCommand[];
}

/** Steps that begin behind others, which they may have to do themselves. */
const LATER_STEPS: readonly StepCommand[] = ['protect', 'backup', 'stage', 'prepull', 'drain', ...FLIP_STEPS];
const UPDATE_STEPS: readonly StepCommand[] = ['preflight', ...LATER_STEPS];

/** Given on the command line as `--name=value`, so that no value can be taken for a flag. */
export const STEP_PARAMETERS: readonly StepParameter[] = [
  { name: 'cluster', description: 'Cluster that the Machine belongs to' },
  { name: 'machine', description: 'Machine whose node is worked on' },
  {
    name: 'operation',
    description: 'operation number of the Machine; empty (by hand): named after this Workflow',
    default: '',
  },
  {
    name: 'hash',
    description: 'hash of the desired state; empty: take what the Machine asks for now',
    default: '',
    steps: [...UPDATE_STEPS, 'complete'],
  },
  {
    name: 'kubernetes-version',
    description: 'Kubernetes version to reach, like v1.34.3; empty: that of the Machine',
    default: '',
    steps: [...UPDATE_STEPS, 'complete'],
  },
  {
    name: 'release',
    description: 'release in the image map whose binaries are used; empty: the one of the Kubernetes version',
    default: '',
    steps: [...UPDATE_STEPS, ...HAND_COMMANDS],
  },
  {
    name: 'steps',
    description:
      'steps that the node does by itself, in order, separated by commas, each with its timeout if that is not the ' +
      'usual one (kubeadm:3600), and with how long it waits for drain if it does (kubelet:600:2400); empty: only this one',
    default: '',
    steps: UPDATE_STEPS,
  },
  {
    name: 'plan-sha256',
    description:
      'sha256 of the plan file on the node, as stage reports it; empty: make a plan of this one step',
    default: '',
    steps: ['drain', ...FLIP_STEPS],
  },
  {
    name: 'behind',
    description:
      'steps that are under way, separated by commas, each with its timeout if that is not the usual one (backup:1200): it ' +
      'begins when all of them have ended well, if preflight found work for it, with the plan that stage left; empty: at once',
    default: '',
    steps: LATER_STEPS,
  },
  {
    name: 'drain',
    description: 'drain policy: auto, always or never',
    default: 'auto',
    steps: UPDATE_STEPS,
  },
  {
    name: 'drain-force',
    description: 'true: delete pods that cannot be evicted in time, whatever their PodDisruptionBudget says',
    default: 'false',
    steps: ['drain'],
  },
  {
    name: 'untested-hosts',
    description: 'refuse or allow: hosts that are not laid out like Debian or Ubuntu by image-builder',
    default: 'refuse',
    steps: UPDATE_STEPS,
  },
  {
    name: 'control-plane-method',
    description: 'auto, flip or kubeadm: how the static pods of a control plane are moved',
    default: 'kubeadm',
    steps: UPDATE_STEPS,
  },
  {
    name: 'keep-backups',
    description: 'backups that are kept on the node besides the one of this operation',
    default: '2',
    steps: UPDATE_STEPS,
  },
  {
    name: 'data-loss',
    description:
      "of a flipped control plane whose etcd's minor version changed, all that was written since is lost: look (only say " +
      'what would be), refuse, accept, or force (also where that is not known, or Argo or Cluster API live there)',
    default: 'refuse',
    steps: [ROLLBACK.name],
  },
  { name: 'timeout-seconds', description: 'longest time for the work itself' },
];

/** Flags that every step gets from Argo itself, and one that only the exit handler gets. */
export const WORKFLOW_FLAGS = { namespace: '{{workflow.namespace}}', workflow: '{{workflow.name}}' } as const;
export const FINISH_FLAGS = { 'workflow-status': '{{workflow.status}}' } as const;

/** The parameters of one step, in the order of the table. */
export function stepParameters(command: StepCommand): readonly StepParameter[] {
  return STEP_PARAMETERS.filter(
    (parameter) => parameter.steps === undefined || parameter.steps.includes(command),
  );
}

/** Where a step leaves its Argo output parameters: one file each. */
export const OUTPUT_FOLDER = '/tmp/refit';

/** Output parameters that every step has: a line for people, and the whole result (step-result.ts). */
export const COMMON_OUTPUTS = ['message', 'result'] as const;

/** Those of some steps. */
export const STEP_OUTPUTS: Readonly<Partial<Record<StepCommand, readonly string[]>>> = {
  /** Is there anything to do on the node, must it be drained for that (DRAIN_NEEDS)? */
  preflight: ['work', 'drain'],
  stage: ['plan-sha256'],
  /** host: idle, working or unknown (operation.ts). */
  finish: ['host'],
};
