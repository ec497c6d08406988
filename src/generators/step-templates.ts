// The ClusterWorkflowTemplate: one template per step, used by generated Workflows and by hand from the Argo UI.
import type { IClusterWorkflowTemplate } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/ClusterWorkflowTemplate';
import type { ITemplate } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/Template';
import {
  COMMON_OUTPUTS,
  EXIT,
  FINISH_FLAGS,
  OUTPUT_FOLDER,
  STEP_COMMANDS,
  STEP_OUTPUTS,
  stepParameters,
  WORKFLOW_FLAGS,
  type StepCommand,
} from '../api/commands.ts';
import { WORKFLOW_SERVICE_ACCOUNT } from '../api/install.ts';
import { DESCRIPTION_ANNOTATION, MANAGED_BY, MANAGED_BY_LABEL } from '../api/labels.ts';
import { FINISH } from '../api/steps.ts';
import { stepTemplatesName } from './names.ts';
import { deadlineSeconds, reference, stepRow, taskParameters, workflowParameters } from './parameters.ts';
import { STEP_DESCRIPTIONS } from './step-descriptions.ts';
import { containerSecurity, podSecurity, volumeMounts, volumes } from './step-pod.ts';

export interface StepTemplatesInput {
  /** Of Refit. Templates of older versions stay while operations that use them run. */
  version: string;
  /** Image with the `refit` program, by digest. */
  image: string;
}

export function stepTemplates({ version, image }: StepTemplatesInput): IClusterWorkflowTemplate {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'ClusterWorkflowTemplate',
    metadata: {
      name: stepTemplatesName(version),
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY },
      annotations: {
        'workflows.argoproj.io/title': `Refit ${version}: steps of an in-place update`,
        'workflows.argoproj.io/description': DESCRIPTION,
      },
    },
    spec: {
      // What a submission without a choice runs: it only looks.
      entrypoint: 'preflight',
      serviceAccountName: WORKFLOW_SERVICE_ACCOUNT,
      arguments: {
        parameters: workflowParameters.map(({ name, description, default: value }) => ({
          name,
          description,
          ...(value === undefined ? {} : { value }),
        })),
      },
      templates: STEP_COMMANDS.map((command) => stepTemplate(command, image)),
    },
  };
}

const DESCRIPTION = [
  'Steps of Refit. Submit one by hand in the namespace of the Cluster: choose the entrypoint, give Cluster and Machine.',
  'A step used alone is an operation of its own, named after its Workflow, and is found done if its effect is there.',
  'Pods are unprivileged. They mount the kubeconfig of the workload cluster to work on its nodes through Jobs there, ' +
    'and the image map to know the upgrader image.',
].join('\n\n');

/** `perMachine`: parameters that are inputs, for a Workflow of several Machines. */
export function stepTemplate(
  command: StepCommand,
  image: string,
  perMachine: readonly string[] = [],
): ITemplate {
  const description = STEP_DESCRIPTIONS[command];
  const args = ['step', command, ...flags(command, perMachine)];
  const parameters = [...machineInputs(command, perMachine), ...inputs(command)];
  return commandTemplate({
    name: command,
    description,
    args,
    inputs: parameters,
    outputs: outputs(command),
    image,
  });
}

export interface CommandTemplate {
  name: string;
  description: string;
  /** Of `refit`. */
  args: string[];
  /** `deadline-seconds` among them. */
  inputs: { name: string; description: string; default?: string }[];
  outputs: { name: string; valueFrom: { path: string; default: string } }[];
  image: string;
}

/** A pod that runs `refit` with what every step finds there. */
export function commandTemplate(input: CommandTemplate): ITemplate {
  const { name, description, args, inputs, outputs, image } = input;
  return {
    name,
    annotations: { [DESCRIPTION_ANNOTATION]: description },
    metadata: { labels: { [MANAGED_BY_LABEL]: MANAGED_BY } },
    inputs: { parameters: inputs },
    outputs: { parameters: outputs },
    activeDeadlineSeconds: '{{inputs.parameters.deadline-seconds}}',
    retryStrategy: RETRY,
    securityContext: podSecurity,
    volumes,
    container: {
      name: 'main',
      image,
      // Without a command Argo asks the registry for the image's entrypoint.
      command: ['refit'],
      args,
      resources: {
        requests: { cpu: '50m', memory: '128Mi' },
        limits: { memory: '512Mi' },
      },
      // What a failed step said last becomes the message of its task: the reason that the server reports.
      terminationMessagePolicy: 'FallbackToLogsOnError',
      securityContext: containerSecurity,
      volumeMounts,
    },
  };
}

function inputs(command: StepCommand) {
  const { timeoutSeconds } = stepRow(command);
  return [
    ...taskParameters(command).map(({ name, description, default: value }) => ({
      name,
      description,
      default: value ?? String(timeoutSeconds),
    })),
    {
      name: 'deadline-seconds',
      description: 'longest time for the pod of one try; above timeout-seconds, or the step cannot report',
      default: String(deadlineSeconds(command, timeoutSeconds)),
    },
  ];
}

function machineInputs(command: StepCommand, perMachine: readonly string[]) {
  const taken = stepParameters(command).filter(({ name }) => perMachine.includes(name));
  const named = perMachine.includes('workflow')
    ? [{ name: 'workflow', description: "name of the Machine's operation" }]
    : [];
  return [...taken.map(({ name, description }) => ({ name, description })), ...named];
}

/** One item per flag: no value can be taken for a flag. */
function flags(command: StepCommand, perMachine: readonly string[]): string[] {
  const own = stepParameters(command).map(({ name }) => [name, reference(name)] as const);
  const given = Object.entries({ ...WORKFLOW_FLAGS, ...(command === FINISH.name ? FINISH_FLAGS : {}) });
  return [...given, ...own].map(
    ([name, value]) => `--${name}=${perMachine.includes(name) ? `{{inputs.parameters.${name}}}` : value}`,
  );
}

/**
 * The default counts when the file is missing because the step failed early: without it Argo would report the
 * missing file instead of the failure, and try again. `work` and `drain` fail safe: nothing is touched.
 */
const OUTPUT_DEFAULTS: Readonly<Record<string, string>> = {
  work: 'false',
  drain: 'false',
  host: 'unknown',
};

function outputs(command: StepCommand) {
  return [...COMMON_OUTPUTS, ...(STEP_OUTPUTS[command] ?? [])].map((name) => ({
    name,
    valueFrom: { path: `${OUTPUT_FOLDER}/${name}`, default: OUTPUT_DEFAULTS[name] ?? '' },
  }));
}

/**
 * Again when the pod was lost or the API away: every step finds done what is done, and attaches to what runs.
 * Never after a failure on the host or bad input. Without a limit Argo would ignore the backoff.
 */
const RETRY = {
  limit: '5',
  retryPolicy: 'Always',
  expression: `lastRetry.status == 'Error' || (lastRetry.exitCode != '${EXIT.failed}' && lastRetry.exitCode != '${EXIT.badInput}')`,
  backoff: { duration: '10s', factor: '2', cap: '2m' },
} as const;
