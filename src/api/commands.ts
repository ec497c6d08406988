// The contract between generated containers and the CLI: commands, flags, exit codes, output files.
import { FINISH, STEP_NAMES, STEPS, type StepName } from './steps.ts';

/** Exit codes of every command. A step that ends with 1 or 2 is not run again by Argo; any other code is. */
export const EXIT = { done: 0, failed: 1, badInput: 2, temporary: 75 } as const;

export type StepCommand = StepName | typeof FINISH.name;
export const STEP_COMMANDS: readonly StepCommand[] = [...STEP_NAMES, FINISH.name];

interface StepParameter {
  /** Flag of `refit step <name>` and, without the dashes, parameter of the Workflow or of the template. */
  name: string;
  description: string;
  /** Absent: the parameter must be given. */
  default?: string;
  /** Steps that take it; absent: all of them. */
  steps?: readonly StepCommand[];
}

const FLIP_STEPS: readonly StepCommand[] = STEPS.filter(({ group }) => group === 'flip').map(
  ({ name }) => name,
);
/** Steps that know the whole list of the node. */
const NODE_STEPS: readonly StepCommand[] = ['preflight', 'stage', ...FLIP_STEPS];

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
    steps: [...NODE_STEPS, 'complete'],
  },
  {
    name: 'kubernetes-version',
    description: 'Kubernetes version to reach, like v1.34.3; empty: that of the Machine',
    default: '',
    steps: [...NODE_STEPS, 'backup', 'prepull', 'complete'],
  },
  {
    name: 'release',
    description: 'release in the image map whose binaries are used; empty: the one of the Kubernetes version',
    default: '',
    steps: ['preflight', 'stage', 'prepull', ...FLIP_STEPS],
  },
  {
    name: 'steps',
    description: 'steps that the node does by itself, in order, separated by commas; empty: only this one',
    default: '',
    steps: NODE_STEPS,
  },
  {
    name: 'plan-sha256',
    description:
      'sha256 of the plan file on the node, as stage reports it; empty: make a plan of this one step',
    default: '',
    steps: FLIP_STEPS,
  },
  {
    name: 'drain',
    description: 'drain policy: auto, always or never',
    default: 'auto',
    steps: ['preflight', 'drain'],
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

/** Output parameters by step, besides `result` (step-result.ts), which every step has. */
export const STEP_OUTPUTS: Readonly<Partial<Record<StepCommand, readonly string[]>>> = {
  /** work, drain: 'true' or 'false': is there anything to do on the node, must it be drained for that? */
  preflight: ['work', 'drain'],
  stage: ['plan-sha256'],
  /** host: idle, working or unknown (operation.ts). */
  finish: ['host'],
};
