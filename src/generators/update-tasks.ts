// The DAG of one operation: a task per step, named like the step (the server, the CLI and the UI rely on that).
import type { IDAGTask } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/DAGTask';
import type { StepCommand } from '../api/commands.ts';
import { badInput } from '../api/errors.ts';
import { drainedFirst, secondsBefore, stepsAtDrain, type ListedStep } from '../api/host-plan.ts';
import type { Policy } from '../api/policy.ts';
import { writeStepsBehind, type StepBehind } from '../api/step-list.ts';
import { isQuietStep, type StepName } from '../api/steps.ts';
import type { Plan } from '../plan/types.ts';
import { hostSteps } from './host-steps.ts';
import { stepTemplatesName } from './names.ts';
import { deadlineSeconds, stepRow, taskParameters } from './parameters.ts';

const PREFLIGHT = 'preflight';
const REQUIRED: readonly StepName[] = [PREFLIGHT, 'protect', 'stage', 'verify', 'complete'];

/** Not `stage`, which has nothing to copy then: from it `verify` learns that the node has nothing else to do. */
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
 * Tasks in the order of the plan. All that may disturb the node starts at once, beside the quiet steps, and waits for those
 * itself; which of them begins when is the node's own affair: nobody waits for Argo, which may live on a node that is
 * disturbed. Errors: BadInput when the plan lacks a step that is always needed, or has one that is only done by hand.
 */
export function updateTasks({ plan, policy, version }: TasksInput): IDAGTask[] {
  const steps = plan.steps.map((step) => step.name);
  const missing = REQUIRED.filter((name) => !steps.includes(name));
  if (missing.length > 0) throw badInput('plan.steps', steps.join(','), `${missing.join(', ')} among them`);
  // `verify` does it: a task beside it would come too early, one behind it too late.
  if (steps.includes('uncordon')) throw badInput('plan.steps', steps.join(','), 'no uncordon among them');
  const listed = hostSteps(plan, policy);
  const behind = stepsBehind(steps, policy);
  return steps.map((name) => {
    const condition = when(name);
    const dependencies = after(name, steps);
    const parameters = taskArguments(name, policy, listed, behind);
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
  if (name === PREFLIGHT) return [];
  return name === 'complete' ? steps.filter((step) => step !== PREFLIGHT && step !== name) : [PREFLIGHT];
}

function stepsBehind(steps: readonly StepName[], { timeouts }: Policy): StepBehind[] {
  return steps.filter(isQuietStep).map((name) => ({ name, timeoutSeconds: timeouts[name] }));
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
function taskArguments(
  name: StepName,
  policy: Policy,
  listed: readonly ListedStep[],
  behind: readonly StepBehind[],
) {
  const values: Record<string, string> = {};
  const takes = (parameter: string): boolean => taskParameters(name).some((each) => each.name === parameter);
  if (takes('behind')) values['behind'] = writeStepsBehind(behind);
  // The node knows only then whether its containerd has work.
  const mayBeFirst = listed[0]?.name === 'containerd' && stepsAtDrain(listed).before !== undefined;
  if (mayBeFirst && takes('drain-first'))
    values['drain-first'] = '{{tasks.preflight.outputs.parameters.drain-first}}';
  if (stepsAtDrain(listed).waiting && takes('needed'))
    values['needed'] = '{{tasks.preflight.outputs.parameters.drain}}';
  const timeoutSeconds = policy.timeouts[name];
  const standard = stepRow(name).timeoutSeconds;
  const lists = mayBeFirst ? [listed, drainedFirst(listed)] : [listed];
  const quiet = takes('behind') ? behind.reduce((sum, step) => sum + step.timeoutSeconds, 0) : 0;
  const before = quiet + Math.max(...lists.map((list) => secondsBefore(name, list)));
  const deadline = deadlineSeconds(name, timeoutSeconds + before);
  if (timeoutSeconds !== standard) values['timeout-seconds'] = String(timeoutSeconds);
  if (deadline !== deadlineSeconds(name, standard)) values['deadline-seconds'] = String(deadline);
  return Object.entries(values).map(([key, value]) => ({ name: key, value }));
}
