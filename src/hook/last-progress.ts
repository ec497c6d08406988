import type { TaskView, WorkflowView } from './store.ts';

/**
 * When something of it last began or ended, in seconds; undefined while all that is left waits for its turn. `own`: tasks
 * that count in place of all.
 */
export function lastProgress(
  startedAt: string | undefined,
  workflow: WorkflowView | undefined,
  own: readonly TaskView[] | undefined = workflow?.tasks,
): number | undefined {
  if (workflow?.phase === 'Pending' && workflow.message !== undefined) return undefined;
  const tasks = [...(own ?? []), ...(workflow?.finish ? [workflow.finish] : [])];
  const all = tasks.flatMap((task) => [task, ...(task.steps ?? [])]);
  if (all.some(isWaiting) && !all.some(({ phase }) => phase === 'Running')) return undefined;
  const times = all.flatMap((task) => [task.startedAt, task.finishedAt]);
  const seconds = [startedAt, ...times].map((time) => Date.parse(time ?? '') / 1000);
  const known = seconds.filter((value) => !Number.isNaN(value));
  return known.length > 0 ? Math.max(...known) : undefined;
}

/** For a lock: Argo says so. */
function isWaiting({ phase, message }: TaskView): boolean {
  return phase === 'Pending' && message?.startsWith('Waiting for') === true;
}
