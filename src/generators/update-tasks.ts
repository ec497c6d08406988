// The DAG of one operation: a task per step, named like the step (the server, the CLI and the UI rely on that).
import type { IDAGTask } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/DAGTask';
import type { StepCommand } from '../api/commands.ts';
import { badInput } from '../api/errors.ts';
import { drainedFirst, secondsBefore, stepsAtDrain, type ListedStep } from '../api/host-plan.ts';
import type { Policy } from '../api/policy.ts';
import { isFlipStep, type StepName } from '../api/steps.ts';
import type { Plan } from '../plan/types.ts';
import { hostSteps } from './host-steps.ts';
import { stepTemplatesName } from './names.ts';
import { deadlineSeconds, stepRow, taskParameters } from './parameters.ts';

const REQUIRED: readonly StepName[] = ['preflight', 'protect', 'stage', 'verify', 'complete'];
/** Beside each other: the node is not disturbed by them. */
const QUIET: readonly StepName[] = ['protect', 'backup', 'stage', 'prepull'];

/**
 * `stage` has no condition although it has nothing to copy when there is no work: later tasks refer to its output,
 * and up to Argo 4.0.6 a reference to the output of a skipped task is never resolved: the Workflow hangs.
 */
const IF_WORK: readonly StepName[] = [
  'backup',
  'prepull',
  'drain',
  'containerd',
  'cni',
  'kubeadm',
  'configure',
  'kubelet',
];

export interface TasksInput {
  plan: Plan;
  policy: Policy;
  /** Of Refit: names the step templates. */
  version: string;
}

/**
 * Tasks in the order of the plan. `drain` and the steps of the node start all at once: which of them begins when is the
 * node's own affair, so that nobody waits for Argo while the node is disturbed. Errors: BadInput when the plan lacks a
 * step that is always needed, or has one that is only done by hand.
 */
export function updateTasks({ plan, policy, version }: TasksInput): IDAGTask[] {
  const steps = plan.steps.map((step) => step.name);
  const missing = REQUIRED.filter((name) => !steps.includes(name));
  if (missing.length > 0) throw badInput('plan.steps', steps.join(','), `${missing.join(', ')} among them`);
  // `verify` does it: a task beside it would come too early, one behind it too late.
  if (steps.includes('uncordon')) throw badInput('plan.steps', steps.join(','), 'no uncordon among them');
  const listed = hostSteps(plan, policy);
  return steps.map((name) => {
    const condition = when(name);
    const dependencies = after(name, steps);
    const parameters = taskArguments(name, policy, listed);
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

function after(name: StepName, steps: readonly StepName[]): StepName[] {
  if (name === 'preflight') return [];
  if (QUIET.includes(name)) return ['preflight'];
  if (name === 'complete') return steps.filter((step) => step === 'drain' || isFlipStep(step));
  return steps.filter((step) => QUIET.includes(step));
}

/** A skipped task lets the DAG go on, a failed or omitted one stops what follows. */
function ended(name: StepName): string {
  return when(name) === undefined ? `${name}.Succeeded` : `(${name}.Succeeded || ${name}.Skipped)`;
}

/** Both sides are quoted: unquoted text is an error for Argo. */
function when(name: StepName): string | undefined {
  return IF_WORK.includes(name) ? `'{{tasks.preflight.outputs.parameters.work}}' == 'true'` : undefined;
}

/** Only what differs from the template's defaults. */
function taskArguments(name: StepName, policy: Policy, listed: readonly ListedStep[]) {
  const values: Record<string, string> = {};
  const takes = (parameter: string): boolean => taskParameters(name).some((each) => each.name === parameter);
  if (takes('plan-sha256')) values['plan-sha256'] = '{{tasks.stage.outputs.parameters.plan-sha256}}';
  // The node knows only then whether its containerd has work.
  const mayBeFirst = listed[0]?.name === 'containerd' && stepsAtDrain(listed).before !== undefined;
  if (mayBeFirst && takes('drain-first'))
    values['drain-first'] = '{{tasks.preflight.outputs.parameters.drain-first}}';
  if (stepsAtDrain(listed).waiting && takes('needed'))
    values['needed'] = '{{tasks.preflight.outputs.parameters.drain}}';
  const timeoutSeconds = policy.timeouts[name];
  const standard = stepRow(name).timeoutSeconds;
  const lists = mayBeFirst ? [listed, drainedFirst(listed)] : [listed];
  const before = Math.max(...lists.map((list) => secondsBefore(name, list)));
  const deadline = deadlineSeconds(name, timeoutSeconds + before);
  if (timeoutSeconds !== standard) values['timeout-seconds'] = String(timeoutSeconds);
  if (deadline !== deadlineSeconds(name, standard)) values['deadline-seconds'] = String(deadline);
  return Object.entries(values).map(([key, value]) => ({ name: key, value }));
}
