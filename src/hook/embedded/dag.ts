// Walks a DAG: starts every task whose time has come, omits every task whose time will not come.
import type { TaskPhase, TaskView } from '../store.ts';
import { decideDepends, isOver } from './depends.ts';
import type { Task } from './workflow.ts';

export interface DagOptions {
  tasks: readonly Task[];
  /** State of every task by name; changed by `start` and `omit`. */
  views: ReadonlyMap<string, TaskView>;
  /** Must leave the task running or over before it first waits. */
  start: (task: Task) => Promise<void>;
  omit: (task: Task) => void;
  /** Starts nothing more. */
  signal: AbortSignal;
}

/** Ready tasks run in parallel; returns when none runs and none can start. */
export async function walkDag(options: DagOptions): Promise<void> {
  const running = new Set<Promise<void>>();
  while (!options.signal.aborted) {
    for (const task of ready(options)) {
      const ended = options.start(task).finally(() => running.delete(ended));
      running.add(ended);
    }
    if (running.size === 0) return;
    await Promise.race(running);
  }
}

export function phasesOf(views: ReadonlyMap<string, TaskView>): Map<string, TaskPhase> {
  return new Map([...views].map(([name, { phase }]) => [name, phase]));
}

/** What is omitted can make others ready, or omitted too: looked at until nothing changes. */
function ready({ tasks, views, omit }: DagOptions): Task[] {
  const over = (): number => [...views.values()].filter(({ phase }) => isOver(phase)).length;
  for (;;) {
    const before = over();
    const phases = phasesOf(views);
    const open = tasks.filter(({ name }) => phases.get(name) === 'Pending');
    const decided = open.map((task) => ({ task, decision: decideDepends(task.depends, phases) }));
    for (const { task, decision } of decided) if (decision === 'omit') omit(task);
    if (over() === before)
      return decided.filter(({ decision }) => decision === 'run').map(({ task }) => task);
  }
}
