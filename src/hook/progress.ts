// What CAPI (and so the user, on the Machine's Updating condition) is told while an operation runs. Pure.
import type { OperationRecord } from '../api/operation.ts';
import { isQuietStep } from '../api/steps.ts';
import type { TaskView, WorkflowView } from './store.ts';

const OVER: readonly TaskView['phase'][] = ['Succeeded', 'Skipped', 'Omitted', 'Failed', 'Error'];

/** "step 6/11 kubeadm: running 1m12s" */
export function progressMessage(
  record: OperationRecord,
  workflow: WorkflowView | undefined,
  now: Date,
): string {
  if (!workflow || workflow.tasks.length === 0 || isUnseen(workflow)) {
    return waitingForArgo(record.number).message;
  }
  const { tasks } = workflow;
  const running = tasks.filter((task) => task.phase === 'Running');
  const current = currentTask(workflow);
  const failed = tasks.find((task) => task.phase === 'Failed' || task.phase === 'Error');
  if (failed && running.length === 0)
    return `step ${failed.name} failed: ${failed.message ?? failed.phase}; closing`;
  if (!current) return `operation ${record.number}: all ${tasks.length} steps ended, closing`;
  if (workflow.phase === 'Pending') {
    return `operation ${record.number}: waiting for its turn: ${workflow.message}`;
  }
  const position = `step ${tasks.indexOf(current) + 1}/${tasks.length} ${current.name}`;
  // All are there before their turn.
  const beside = current.name !== 'preflight' && isQuietStep(current.name);
  const others = running.filter((task) => beside && task !== current && isQuietStep(task.name));
  const and = others.length > 0 ? ` (and ${others.map(({ name }) => name).join(', ')})` : '';
  const begun = begunAt(current, tasks);
  const since = begun === undefined ? '' : ` ${duration(new Date(begun), now)}`;
  return `${position}: ${running.length > 0 ? `running${since}` : 'waiting'}${and}`;
}

/** What is there before its turn begins when the last one before it has ended. */
function begunAt(current: TaskView, tasks: readonly TaskView[]): string | undefined {
  const place = isQuietStep(current.name) ? Math.min(1, tasks.indexOf(current)) : tasks.indexOf(current);
  const ends = tasks.slice(0, place).map(({ finishedAt }) => finishedAt);
  return [...ends, current.startedAt]
    .filter((at) => at !== undefined)
    .sort()
    .at(-1);
}

/** The first that runs, else the next one; undefined: all have ended. */
export function currentTask({ tasks }: WorkflowView): TaskView | undefined {
  return tasks.find(({ phase }) => phase === 'Running') ?? tasks.find(({ phase }) => !OVER.includes(phase));
}

/** Whatever Argo lets a Workflow wait for, it says so in a message. */
function isUnseen({ phase, message }: WorkflowView): boolean {
  return phase === 'Pending' && message === undefined;
}

/** What the first call is answered. */
export function waitingForArgo(number: number): { message: string; retryAfterSeconds: number } {
  return {
    message: `operation ${number}: waiting for Argo to start it`,
    retryAfterSeconds: retryAfterSeconds(undefined),
  };
}

/** `drain`, the steps of the node, `complete`: they begin together, and so do not get fewer while time passes. */
const MOST_AT_ONCE = 8;

/** When to ask again: sooner towards the end. */
export function retryAfterSeconds(workflow: WorkflowView | undefined): number {
  const left = workflow?.tasks.filter((task) => !OVER.includes(task.phase)).length ?? Infinity;
  if (left <= 2) return 2;
  return left <= MOST_AT_ONCE ? 5 : 10;
}

export function duration(from: Date, to: Date): string {
  const seconds = Math.max(0, Math.round((to.getTime() - from.getTime()) / 1000));
  return seconds < 60
    ? `${seconds}s`
    : `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, '0')}s`;
}
