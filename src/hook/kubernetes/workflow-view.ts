// An Argo Workflow reduced to the tasks of its DAG. Pure. Argo calls what it keeps of a task a (workflow) node; its
// `name` is the path in the tree (`<workflow>.<task>`), its displayName can be changed by an annotation.
import { isObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import { MACHINE_LABEL } from '../../api/labels.ts';
import { FINISH } from '../../api/steps.ts';
import type { TaskPhase, TaskView, WorkflowPhase, WorkflowView } from '../store.ts';
import { at, cut, list, text } from '../../kubernetes/fields.ts';
import { unpackedWorkflow } from '../../kubernetes/unpacked-workflow.ts';
import { identity } from './views.ts';

const WORKFLOW_PHASES: readonly WorkflowPhase[] = ['Pending', 'Running', 'Succeeded', 'Failed', 'Error'];
const TASK_PHASES: readonly TaskPhase[] = [...WORKFLOW_PHASES, 'Skipped', 'Omitted'];
const OVER: readonly (string | undefined)[] = ['Succeeded', 'Failed', 'Error'];

const MAX_MESSAGE = 512;
/** A longer output parameter is left out: a part of it is worth nothing, and 1,000 Workflows are kept. */
const MAX_OUTPUT = 1024;

export function workflowView(object: JsonObject): WorkflowView {
  const workflow = unpacked(object);
  const { namespace, name } = identity(workflow);
  const nodes = nodesOf(workflow);
  const message = shortMessage(text(workflow, 'status', 'message'));
  const finishedAt = text(workflow, 'status', 'finishedAt');
  // The exit handler is a DAG of one task; if that never began, the DAG says why.
  const exit = `${name}.onExit`;
  const finish = nodes.byName.get(`${exit}.${FINISH.name}`) ?? nodes.byName.get(exit);
  return {
    namespace,
    name,
    machine: machineOf(workflow),
    phase: WORKFLOW_PHASES.find((phase) => phase === text(workflow, 'status', 'phase')) ?? 'Pending',
    ...(message === undefined ? {} : { message }),
    stopping: text(workflow, 'spec', 'shutdown') !== undefined,
    ...(finishedAt === undefined ? {} : { finishedAt }),
    ...lockHolders(workflow),
    tasks: taskNames(workflow).map((task) => {
      const steps = nodes.inside
        .get(task)
        ?.map((step) => taskView(step, nodes.byName.get(`${name}.${task}.${step}`), nodes));
      const view = taskView(task, nodes.byName.get(`${name}.${task}`), nodes);
      return steps === undefined ? view : { ...view, steps };
    }),
    ...(finish === undefined ? {} : { finish: taskView(FINISH.name, finish, nodes) }),
  };
}

/** Argo names a holder by namespace/name, or namespace/name/task where only that has the lock. */
function lockHolders(workflow: JsonObject): Pick<WorkflowView, 'lockHolders'> {
  const synchronization = at(workflow, 'status', 'synchronization');
  const holders = [
    ...list(synchronization, 'mutex', 'waiting').map((waiting) => text(waiting, 'holder')),
    ...list(synchronization, 'semaphore', 'waiting').flatMap((waiting) => list(waiting, 'holders')),
  ];
  const names = holders.flatMap((holder) => (typeof holder === 'string' ? (holder.split('/')[1] ?? []) : []));
  return names.length === 0 ? {} : { lockHolders: names };
}

/** One that is broken must not keep the others from being seen. */
function unpacked(workflow: JsonObject): JsonObject {
  try {
    return unpackedWorkflow(workflow);
  } catch {
    return workflow;
  }
}

interface Nodes {
  byId: JsonObject;
  byName: ReadonlyMap<string, JsonValue>;
  /** Task -> names of its steps. */
  inside: ReadonlyMap<string, readonly string[]>;
}

function nodesOf(workflow: JsonObject): Nodes {
  const found = at(workflow, 'status', 'nodes');
  const byId = isObject(found) ? found : {};
  const byName = new Map(Object.values(byId).map((node) => [text(node, 'name') ?? '', node]));
  const inside = new Map<string, string[]>();
  const prefix = `${identity(workflow).name}.`;
  for (const name of byName.keys()) {
    // Tries have brackets.
    const [, task, step] = name.startsWith(prefix)
      ? (/^([^.(]+)\.([^.(]+)$/.exec(name.slice(prefix.length)) ?? [])
      : [];
    if (task !== undefined && step !== undefined) inside.set(task, [...(inside.get(task) ?? []), step]);
  }
  return { byId, byName, inside };
}

/** A label's value may be cut, the owner's name is not. */
function machineOf(workflow: JsonObject): string {
  const owners = list(workflow, 'metadata', 'ownerReferences');
  const owner = owners.find((candidate) => text(candidate, 'kind') === 'Machine');
  return text(owner, 'name') ?? text(workflow, 'metadata', 'labels', MACHINE_LABEL) ?? '';
}

function taskNames(workflow: JsonObject): string[] {
  const entrypoint = text(workflow, 'spec', 'entrypoint');
  const template = list(workflow, 'spec', 'templates').find((entry) => text(entry, 'name') === entrypoint);
  return list(template, 'dag', 'tasks').map((task) => text(task, 'name') ?? '');
}

/** A task with a retryStrategy is a node of type Retry, whose children are the attempts. */
function taskView(name: string, node: JsonValue | undefined, nodes: Nodes): TaskView {
  const attempt = lastAttempt(node, nodes);
  const startedAt = text(node, 'startedAt');
  const finishedAt = text(node, 'finishedAt');
  const message = shortMessage(messageOf(node, attempt));
  return {
    name,
    phase: TASK_PHASES.find((phase) => phase === text(node, 'phase')) ?? 'Pending',
    ...(message === undefined ? {} : { message }),
    ...(startedAt === undefined ? {} : { startedAt }),
    ...(finishedAt === undefined ? {} : { finishedAt }),
    outputs: outputsOf(at(node, 'outputs') === undefined ? attempt : node),
  };
}

function lastAttempt(node: JsonValue | undefined, { byId }: Nodes): JsonValue | undefined {
  if (text(node, 'type') !== 'Retry') return undefined;
  const attempts = list(node, 'children')
    .map((id) => (typeof id === 'string' ? at(byId, id) : undefined))
    .filter((child) => text(child, 'name')?.startsWith(`${text(node, 'name') ?? ''}(`));
  return attempts.at(-1);
}

/** Once a Retry node is over its own message is only "No more retries left"; before, it tells of the back-off. */
function messageOf(node: JsonValue | undefined, attempt: JsonValue | undefined): string | undefined {
  const [own, last] = [text(node, 'message'), text(attempt, 'message')];
  return OVER.includes(text(node, 'phase')) ? (last ?? own) : (own ?? last);
}

function outputsOf(node: JsonValue | undefined): Record<string, string> {
  const outputs: Record<string, string> = {};
  for (const parameter of list(node, 'outputs', 'parameters')) {
    const [name, value] = [text(parameter, 'name'), at(parameter, 'value')];
    if (name !== undefined && typeof value === 'string' && value.length <= MAX_OUTPUT) outputs[name] = value;
  }
  return outputs;
}

function shortMessage(message: string | undefined): string | undefined {
  return message === undefined ? undefined : cut(message, MAX_MESSAGE);
}
