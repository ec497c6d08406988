// Why the steps of a Workflow failed, as Argo keeps it. Pure.
import { at, text } from './fields.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';
import { STEP_NAMES } from './steps.ts';

export interface StepFailure {
  /** Task of the outer DAG, like `machine-cp-a`. */
  task: string;
  step: string;
  message: string;
}

const MAX_MESSAGE = 512;

/** Tasks of the outer DAG that have failed; of an unpacked Workflow. */
export function failedTasks(workflow: JsonObject): string[] {
  const prefix = `${text(workflow, 'metadata', 'name') ?? ''}.`;
  return nodesOf(workflow)
    .filter(isFailed)
    .map((node) => text(node, 'name') ?? '')
    .filter((name) => name.startsWith(prefix) && !/[.(]/.test(name.slice(prefix.length)))
    .map((name) => name.slice(prefix.length));
}

/**
 * The last try of each; of an unpacked Workflow. In the order of the steps, which start together on the node: those behind
 * the one that failed only say that they were not begun.
 */
export function stepFailures(workflow: JsonObject): StepFailure[] {
  const name = text(workflow, 'metadata', 'name') ?? '';
  const found = new Map<string, StepFailure & { attempt: number }>();
  for (const node of nodesOf(workflow)) {
    const where = placeOf(name, text(node, 'name') ?? '');
    if (text(node, 'type') !== 'Pod' || !isFailed(node) || !where) continue;
    const { task, step, attempt } = where;
    const last = found.get(`${task} ${step}`);
    if (last && last.attempt > attempt) continue;
    const message = (text(node, 'message') ?? 'no message').slice(0, MAX_MESSAGE);
    found.set(`${task} ${step}`, { task, step, message, attempt });
  }
  return [...found.values()]
    .map(({ task, step, message }) => ({ task, step, message }))
    .sort((a, b) => placeInOrder(a) - placeInOrder(b));
}

/** `begin` is before all steps of the node, `settle` behind. */
function placeInOrder({ step }: StepFailure): number {
  const place = STEP_NAMES.findIndex((name) => name === step);
  return place === -1 && step === 'settle' ? STEP_NAMES.length : place;
}

function nodesOf(workflow: JsonObject): JsonValue[] {
  const nodes = at(workflow, 'status', 'nodes');
  return isObject(nodes) ? Object.values(nodes) : [];
}

function isFailed(node: JsonValue): boolean {
  return ['Failed', 'Error'].includes(text(node, 'phase') ?? '');
}

/** `<workflow>.<task>.<step>`, of a try `...(0)`. */
function placeOf(
  workflow: string,
  node: string,
): { task: string; step: string; attempt: number } | undefined {
  if (!node.startsWith(`${workflow}.`)) return undefined;
  const [, task, step, attempt = '0'] =
    /^([^.]+)\.([^.(]+)(?:\((\d+)\))?$/.exec(node.slice(workflow.length + 1)) ?? [];
  return task === undefined || step === undefined ? undefined : { task, step, attempt: Number(attempt) };
}
