// A step's pod as Argo makes it, and what kubelet and Argo's executor write when it runs, since nothing runs pods here.
import type { JsonObject, JsonValue } from '../../src/api/json.ts';
import { at, list, text } from '../../src/kubernetes/fields.ts';

export const ARGO = 'workflows.argoproj.io';
export const WORKFLOW_LABEL = `${ARGO}/workflow`;

export interface Ending {
  exitCode: number;
  /** The container's termination message. */
  message?: string;
  /** What the container wrote; those that the template does not declare are left out. */
  outputs?: Readonly<Record<string, string>>;
}

/** Status of a pod whose containers run. */
export function runningStatus(pod: JsonObject): JsonObject {
  const state = { running: { startedAt: now() } };
  return status(pod, 'Running', () => state);
}

/** Status of a pod whose container `main` has ended, and Argo's own ones with it. */
export function endedStatus(pod: JsonObject, { exitCode, message }: Ending): JsonObject {
  const terminated = (code: number) => ({
    ...{ exitCode: code, reason: code === 0 ? 'Completed' : 'Error', finishedAt: now() },
  });
  const main = { ...terminated(exitCode), ...(message === undefined ? {} : { message }) };
  return status(pod, exitCode === 0 ? 'Succeeded' : 'Failed', (name) => ({
    terminated: name === 'main' ? main : terminated(0),
  }));
}

/** The WorkflowTaskResult that the executor writes: outputs that are not there take their default. */
export function taskResult(pod: JsonObject, outputs: Readonly<Record<string, string>>): JsonObject {
  const parameters = list(template(pod), 'outputs', 'parameters').map((parameter) => {
    const name = text(parameter, 'name') ?? '';
    return { name, value: outputs[name] ?? at(parameter, 'valueFrom', 'default') ?? '' };
  });
  const labels = { [WORKFLOW_LABEL]: workflowOf(pod), [`${ARGO}/report-outputs-completed`]: 'true' };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'WorkflowTaskResult',
    metadata: { name: text(pod, 'metadata', 'annotations', `${ARGO}/node-id`) ?? '', labels },
    outputs: { parameters },
  };
}

export function workflowOf(pod: JsonObject): string {
  return text(pod, 'metadata', 'labels', WORKFLOW_LABEL) ?? '';
}

/** Argo hands it to its executor. */
export function template(pod: JsonObject): JsonValue {
  const containers = [...list(pod, 'spec', 'initContainers'), ...list(pod, 'spec', 'containers')];
  const variables = containers.flatMap((container) => list(container, 'env'));
  const found = variables.find((variable) => text(variable, 'name') === 'ARGO_TEMPLATE');
  return JSON.parse(text(found, 'value') ?? '{}') as JsonObject;
}

/** Of the container `main`. */
export function mainArguments(pod: JsonObject): string[] {
  const main = list(pod, 'spec', 'containers').find((container) => text(container, 'name') === 'main');
  return list(main, 'args').map(String);
}

function status(pod: JsonObject, phase: string, state: (container: string) => JsonObject): JsonObject {
  const containerStatuses = list(pod, 'spec', 'containers').map((container) => {
    const name = text(container, 'name') ?? '';
    const rest = { image: 'example.com/image', imageID: '', ready: phase === 'Running', restartCount: 0 };
    return { name, ...rest, state: state(name) };
  });
  return { phase, containerStatuses };
}

function now(): string {
  return new Date().toISOString();
}
