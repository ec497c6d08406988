// The DAG of one operation: a task per step, named like the step (the server, the CLI and the UI rely on that).
import type { IDAGTask } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/DAGTask';
import type { StepCommand } from '../api/commands.ts';
import { badInput } from '../api/errors.ts';
import { drainedFirst, secondsBefore, stepsAtDrain, type ListedStep } from '../api/host-plan.ts';
import type { Policy } from '../api/policy.ts';
import { writeStepsBehind, type StepBehind } from '../api/step-list.ts';
import { isQuietStep, STEPS_WITHOUT_WORK, type StepName } from '../api/steps.ts';
import type { Plan } from '../plan/types.ts';
import { hostSteps } from './host-steps.ts';
import { stepTemplatesName } from './names.ts';
import { deadlineSeconds, stepRow, taskParameters } from './parameters.ts';

export interface TasksInput {
  plan: Plan;
  policy: Policy;
  /** Of Refit: names the step templates. */
  version: string;
}

/**
 * Tasks in the order of the plan. All begin at once and wait for each other themselves; which of them begins when is the
 * node's own affair: nobody waits for Argo, which takes 10 s to look and may live on a node that is disturbed. Errors:
 * BadInput when the plan lacks a step that is always needed, or has one that is only done by hand.
 */
export function updateTasks({ plan, policy, version }: TasksInput): IDAGTask[] {
  const steps = plan.steps.map((step) => step.name);
  const missing = STEPS_WITHOUT_WORK.filter((name) => !steps.some((step) => step === name));
  if (missing.length > 0) throw badInput('plan.steps', steps.join(','), `${missing.join(', ')} among them`);
  // `verify` does it: a task beside it would come too early, one behind it too late.
  if (steps.includes('uncordon')) throw badInput('plan.steps', steps.join(','), 'no uncordon among them');
  const listed = hostSteps(plan, policy);
  return steps.map((name) => {
    const parameters = taskArguments(name, policy, listed, stepsBehind(name, steps, policy));
    const before = steps.filter((step) => step !== name);
    return {
      name,
      templateRef: templateRef(version, name),
      ...(name === 'complete' ? { depends: before.map((step) => `${step}.Succeeded`).join(' && ') } : {}),
      ...(parameters.length > 0 ? { arguments: { parameters } } : {}),
    };
  });
}

export function templateRef(version: string, template: StepCommand) {
  return { name: stepTemplatesName(version), template, clusterScope: true };
}

/** What is quiet begins behind `preflight`, and all else behind everything quiet. */
function stepsBehind(name: StepName, steps: readonly StepName[], { timeouts }: Policy): StepBehind[] {
  if (!taskParameters(name).some((parameter) => parameter.name === 'behind')) return [];
  return steps
    .filter(isQuietStep)
    .filter((step) => step === 'preflight' || !isQuietStep(name))
    .map((step) => ({ name: step, timeoutSeconds: timeouts[step] }));
}

/** Only what differs from the template's defaults. */
function taskArguments(
  name: StepName,
  policy: Policy,
  listed: readonly ListedStep[],
  behind: readonly StepBehind[],
) {
  const timeoutSeconds = policy.timeouts[name];
  const standard = stepRow(name).timeoutSeconds;
  // The node knows only then whether its containerd has work.
  const mayBeFirst = listed[0]?.name === 'containerd' && stepsAtDrain(listed).before !== undefined;
  const lists = mayBeFirst ? [listed, drainedFirst(listed)] : [listed];
  const quiet = behind.reduce((sum, step) => sum + step.timeoutSeconds, 0);
  const before = quiet + Math.max(...lists.map((list) => secondsBefore(name, list)));
  const deadline = deadlineSeconds(name, timeoutSeconds + before, behind.length > 0);
  const values = {
    ...(behind.length > 0 ? { behind: writeStepsBehind(behind) } : {}),
    ...(timeoutSeconds === standard ? {} : { 'timeout-seconds': String(timeoutSeconds) }),
    ...(deadline === deadlineSeconds(name, standard) ? {} : { 'deadline-seconds': String(deadline) }),
  };
  return Object.entries(values).map(([key, value]) => ({ name: key, value }));
}
