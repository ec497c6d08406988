// Which parameters a Workflow holds once, which ones each of its tasks gets, and how long a task may take.
import { stepParameters, STEP_PARAMETERS, type StepCommand } from '../api/commands.ts';
import { FINISH, RENEW_CERTIFICATES, ROLLBACK, step } from '../api/steps.ts';

/**
 * Inputs of the step templates; every other parameter is one of the Workflow. Never both: the Argo UI would send
 * such a name twice when somebody submits a template by hand.
 */
const TASK_PARAMETERS: readonly string[] = ['plan-sha256', 'behind', 'data-loss', 'timeout-seconds'];

export const workflowParameters = STEP_PARAMETERS.filter(({ name }) => !TASK_PARAMETERS.includes(name));

export function taskParameters(command: StepCommand) {
  return stepParameters(command).filter(({ name }) => TASK_PARAMETERS.includes(name));
}

/** The expression that a step's container gets as the value of a parameter. */
export function reference(name: string): string {
  return `{{${TASK_PARAMETERS.includes(name) ? 'inputs' : 'workflow'}.parameters.${name}}}`;
}

/** A node step lives through 15 minutes without the workload cluster's API and must still be able to report. */
const NODE_SLACK_SECONDS = 1200;
const API_SLACK_SECONDS = 120;

export function stepRow(command: StepCommand) {
  if (command === FINISH.name) return FINISH;
  if (command === ROLLBACK.name) return ROLLBACK;
  return command === RENEW_CERTIFICATES.name ? RENEW_CERTIFICATES : step(command);
}

/** Argo's own bound on a step's pod: only for when the step does not keep to its timeout. `isBehind`: it waits for a node. */
export function deadlineSeconds(command: StepCommand, timeoutSeconds: number, isBehind = false): number {
  return timeoutSeconds + (stepRow(command).onNode || isBehind ? NODE_SLACK_SECONDS : API_SLACK_SECONDS);
}
