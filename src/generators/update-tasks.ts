// The DAG of one operation: a task per step, named like the step (the server, the CLI and the UI rely on that).
import type { IDAGTask } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/DAGTask';
import type { StepCommand } from '../api/commands.ts';
import { badInput } from '../api/errors.ts';
import type { Policy } from '../api/policy.ts';
import type { StepName } from '../api/steps.ts';
import type { Plan } from '../plan/types.ts';
import { stepTemplatesName } from './names.ts';
import { deadlineSeconds, stepRow, taskParameters } from './parameters.ts';

const REQUIRED: readonly StepName[] = ['preflight', 'protect', 'stage', 'verify', 'complete'];
const AFTER_PROTECT: readonly StepName[] = ['backup', 'stage', 'prepull'];

/**
 * `stage` has no condition although it has nothing to copy when there is no work: later tasks refer to its output,
 * and up to Argo 4.0.6 a reference to the output of a skipped task is never resolved: the Workflow hangs.
 */
const IF_WORK: readonly StepName[] = [
  'backup',
  'prepull',
  'containerd',
  'cni',
  'kubeadm',
  'configure',
  'kubelet',
];
const IF_DRAIN: readonly StepName[] = ['drain', 'uncordon'];

export interface TasksInput {
  plan: Plan;
  policy: Policy;
  /** Of Refit: names the step templates. */
  version: string;
}

/** Tasks in the order of the plan. Errors: BadInput when the plan lacks a step that is always needed. */
export function updateTasks({ plan, policy, version }: TasksInput): IDAGTask[] {
  const steps = plan.steps.map((step) => step.name);
  const missing = REQUIRED.filter((name) => !steps.includes(name));
  if (missing.length > 0) throw badInput('plan.steps', steps.join(','), `${missing.join(', ')} among them`);
  const flip = flipSteps(plan);
  return steps.map((name) => {
    const condition = when(name);
    const dependencies = after(name, steps, flip);
    const parameters = taskArguments(name, policy, flip);
    return {
      name,
      templateRef: templateRef(version, name),
      ...(dependencies.length > 0 ? { depends: dependencies.map(ended).join(' && ') } : {}),
      ...(condition === undefined ? {} : { when: condition }),
      ...(parameters.length > 0 ? { arguments: { parameters } } : {}),
    };
  });
}

export function templateRef(version: string, template: StepCommand) {
  return { name: stepTemplatesName(version), template, clusterScope: true };
}

/** What the node does by itself, in order, once the first of them hands it over. */
export function flipSteps(plan: Plan): StepName[] {
  return plan.steps.filter((step) => step.group === 'flip').map((step) => step.name);
}

function after(name: StepName, steps: readonly StepName[], flip: readonly StepName[]): StepName[] {
  const included = (names: readonly StepName[]): StepName[] => names.filter((step) => steps.includes(step));
  const quiet = included(AFTER_PROTECT);
  if (name === 'preflight') return [];
  if (name === 'protect') return ['preflight'];
  if (quiet.includes(name)) return ['protect'];
  if (name === 'drain') return quiet;
  if (name === flip[0]) return steps.includes('drain') ? ['drain'] : quiet;
  if (name === 'uncordon') return ['verify'];
  if (name === 'complete') return [...flip, ...included(['uncordon'])];
  return flip.slice(0, 1);
}

/** A skipped task lets the DAG go on, a failed or omitted one stops what follows. */
function ended(name: StepName): string {
  return when(name) === undefined ? `${name}.Succeeded` : `(${name}.Succeeded || ${name}.Skipped)`;
}

/** Both sides are quoted: unquoted text is an error for Argo. */
function when(name: StepName): string | undefined {
  const output = IF_WORK.includes(name) ? 'work' : IF_DRAIN.includes(name) ? 'drain' : undefined;
  return output && `'{{tasks.preflight.outputs.parameters.${output}}}' == 'true'`;
}

/** Only what differs from the template's defaults. */
function taskArguments(name: StepName, policy: Policy, flip: readonly StepName[]) {
  const values: Record<string, string> = {};
  if (taskParameters(name).some((parameter) => parameter.name === 'plan-sha256')) {
    values['plan-sha256'] = '{{tasks.stage.outputs.parameters.plan-sha256}}';
  }
  const timeoutSeconds = policy.timeouts[name];
  const standard = stepRow(name).timeoutSeconds;
  const deadline = deadlineSeconds(name, timeoutSeconds + waitSeconds(name, policy, flip));
  if (timeoutSeconds !== standard) values['timeout-seconds'] = String(timeoutSeconds);
  if (deadline !== deadlineSeconds(name, standard)) values['deadline-seconds'] = String(deadline);
  return Object.entries(values).map(([key, value]) => ({ name: key, value }));
}

/** A task that attaches to the node's unit first waits for the steps between the hand-over and its own. */
function waitSeconds(name: StepName, policy: Policy, flip: readonly StepName[]): number {
  return flip.slice(1, Math.max(1, flip.indexOf(name))).reduce((sum, step) => sum + policy.timeouts[step], 0);
}
