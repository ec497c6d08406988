// What the embedded store understands of a Workflow: one DAG of steps, an exit handler, locks. Pure.
import type { IDAGTask } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/DAGTask';
import type { IWorkflow } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/Workflow';
import { OPERATION_COMMANDS, type OperationCommand } from '../../api/commands.ts';
import { FINISH } from '../../api/steps.ts';
import { badInput } from '../../api/errors.ts';
import { MACHINE_LABEL, MACHINE_UID_LABEL, OPERATION_LABEL } from '../../api/labels.ts';
import { tasksIn } from './depends.ts';

export type TaskArguments = ReadonlyMap<string, string>;

export interface Task {
  name: string;
  step: OperationCommand;
  depends?: string;
  arguments: TaskArguments;
}

export interface SimulatedWorkflow {
  namespace: string;
  name: string;
  machine: string;
  machineUid: string;
  operation: string;
  /** spec.arguments */
  parameters: ReadonlyMap<string, string>;
  tasks: readonly Task[];
  /** Task of the exit handler. */
  finish?: Task;
  /** Locks that it holds while it runs, each `<namespace>/Mutex/<name>` or `<namespace>/ConfigMap/<name>/<key>`. */
  locks: readonly string[];
}

/** Errors: BadInput naming the field that is missing or that this simulation does not know. */
export function decodeWorkflow(workflow: IWorkflow): SimulatedWorkflow {
  const { metadata, spec } = workflow;
  const namespace = required(metadata.namespace, 'metadata.namespace');
  const label = (key: string): string => required(metadata.labels?.[key], `metadata.labels["${key}"]`);
  const parameters = values(spec.arguments?.parameters, 'spec.arguments.parameters');
  label(MACHINE_LABEL);
  const exit = spec.hooks?.['exit'];
  const finish = exit?.templateRef && task({ name: FINISH.name, templateRef: exit.templateRef });
  return {
    namespace,
    name: required(metadata.name, 'metadata.name'),
    // The label holds a long name only in part.
    machine: required(parameters.get('machine'), 'spec.arguments.parameters[machine]'),
    machineUid: label(MACHINE_UID_LABEL),
    operation: label(OPERATION_LABEL),
    parameters,
    tasks: inOrder(dag(workflow, spec.entrypoint, 'spec.entrypoint')),
    ...(finish ? { finish } : {}),
    locks: locks(workflow, namespace),
  };
}

export function semaphoreName(namespace: string, configMap: string, key: string): string {
  return `${namespace}/ConfigMap/${configMap}/${key}`;
}

function locks({ spec }: IWorkflow, namespace: string): string[] {
  const { mutexes = [], semaphores = [] } = spec.synchronization ?? {};
  return [
    ...mutexes.map(
      (mutex) => `${mutex.namespace ?? namespace}/Mutex/${required(mutex.name, 'mutexes[].name')}`,
    ),
    ...semaphores.map(({ configMapKeyRef, namespace: other }) => {
      const configMap = required(configMapKeyRef?.name, 'semaphores[].configMapKeyRef.name');
      const key = required(configMapKeyRef?.key, 'semaphores[].configMapKeyRef.key');
      return semaphoreName(other ?? namespace, configMap, key);
    }),
  ];
}

function dag({ spec }: IWorkflow, template: string | undefined, field: string): Task[] {
  const tasks = spec.templates?.find(({ name }) => name === template)?.dag?.tasks;
  if (!tasks || tasks.length === 0) throw badInput(field, template, 'the name of a template with a DAG');
  return tasks.map(task);
}

function task({ name, templateRef, depends, arguments: given }: IDAGTask): Task {
  const template = templateRef?.template;
  const step = OPERATION_COMMANDS.find((command) => command === template);
  if (step === undefined)
    throw badInput(`task ${name}: templateRef.template`, template, 'the name of a step');
  return {
    name,
    step,
    ...(depends === undefined ? {} : { depends }),
    arguments: values(given?.parameters, `task ${name}: arguments.parameters`),
  };
}

/** Checks that every task can be reached: no unknown name in a `depends`, no circle. */
function inOrder(tasks: readonly Task[]): readonly Task[] {
  const reached = new Set<string>();
  const left = new Set(tasks);
  for (let size = -1; left.size !== size;) {
    size = left.size;
    for (const candidate of left) {
      const before = candidate.depends === undefined ? [] : tasksIn(candidate.depends);
      if (!before.every((name) => reached.has(name))) continue;
      reached.add(candidate.name);
      left.delete(candidate);
    }
  }
  for (const { name, depends } of left) {
    throw badInput(`task ${name}: depends`, depends, 'tasks of its DAG that do not depend on it');
  }
  return tasks;
}

function values(
  parameters: { name: string; value?: string }[] | undefined,
  field: string,
): Map<string, string> {
  return new Map(
    (parameters ?? []).map(({ name, value }) => {
      if (typeof value !== 'string') throw badInput(`${field}[${name}]`, value, 'a string');
      return [name, value];
    }),
  );
}

function required(value: string | undefined, field: string): string {
  if (value === undefined || value === '') throw badInput(field, value, 'a non-empty string');
  return value;
}
