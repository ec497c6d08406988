// Runs one Workflow: locks, DAG, exit handler; as Argo does, as far as Refit's Workflows need it.
import type { Clock } from '../../api/clock.ts';
import { StatusError } from '../../api/errors.ts';
import type { TaskView, WorkflowPhase, WorkflowView } from '../store.ts';
import { phasesOf, walkDag } from './dag.ts';
import { dagPhase } from './depends.ts';
import type { Locks } from './locks.ts';
import type { WorkflowSteps } from './steps.ts';
import { runTask } from './task.ts';
import type { SimulatedWorkflow, Task } from './workflow.ts';

export interface RunOptions {
  workflow: SimulatedWorkflow;
  clock: Clock;
  locks: Locks;
  steps: WorkflowSteps;
  /** Called after each change of what `view` gives. */
  changed: () => void;
}

export interface Run {
  view(): WorkflowView;
  /** Begins no further task; what runs ends, then the exit handler runs. */
  stop(): void;
  /** The Workflow is deleted: its pods and locks are gone, its exit handler does not run. */
  abandon(): void;
}

export function runWorkflow({ workflow, clock, locks, steps, changed }: RunOptions): Run {
  const { namespace, name, machine } = workflow;
  const holder = `${namespace}/${name}`;
  const stop = new AbortController();
  const abandon = new AbortController();
  const views = new Map<string, TaskView>(
    workflow.tasks.map((task) => [task.name, { name: task.name, phase: 'Pending', outputs: {} }]),
  );
  let finish: TaskView | undefined;
  let status: Pick<WorkflowView, 'phase' | 'message' | 'finishedAt'> = { phase: 'Pending' };

  async function run(): Promise<void> {
    if (workflow.locks.length > 0) {
      setStatus({ phase: 'Pending', message: `waiting for ${workflow.locks.join(', ')}` });
      await locks.acquire(holder, workflow.locks, AbortSignal.any([stop.signal, abandon.signal]));
      if (abandon.signal.aborted) return;
    }
    setStatus({ phase: 'Running' });
    const start = (task: Task): Promise<void> =>
      runTask({
        ...{
          task,
          clock,
          steps,
          stopping: stop.signal.aborted,
          signal: abandon.signal,
        },
        record: (view) => update(() => views.set(task.name, view)),
      });
    await walkDag({ tasks: workflow.tasks, views, start, omit, signal: abandon.signal });
    const result = dagPhase(workflow.tasks, phasesOf(views));
    await runExitHandler();
    end(finish && finish.phase !== 'Succeeded' && result === 'Succeeded' ? 'Failed' : result);
  }

  /** Runs also after a stop, and when tasks failed. */
  async function runExitHandler(): Promise<void> {
    const task = workflow.finish;
    if (!task || abandon.signal.aborted) return;
    await runTask({
      ...{ task, clock, steps, stopping: false, signal: abandon.signal },
      record: (view) => update(() => (finish = view)),
    });
  }

  function end(phase: WorkflowPhase, message = failureMessage(phase)): void {
    // Its locks went with it, and may be another's of the same name by now.
    if (abandon.signal.aborted) return;
    locks.release(holder);
    const why = message === undefined ? {} : { message };
    setStatus({ phase, ...why, finishedAt: clock.now().toISOString() });
  }

  function failureMessage(phase: WorkflowPhase): string | undefined {
    if (phase === 'Succeeded') return undefined;
    if (stop.signal.aborted) return "Stopped with strategy 'Stop'";
    const failed = [...views.values(), ...(finish ? [finish] : [])].find(
      (task) => task.phase === 'Failed' || task.phase === 'Error',
    );
    return failed && `step ${failed.name}: ${failed.message ?? failed.phase}`;
  }

  function omit({ name: task }: Task): void {
    const at = clock.now().toISOString();
    const message = 'omitted: depends condition not met';
    const view: TaskView = {
      name: task,
      phase: 'Omitted',
      message,
      startedAt: at,
      finishedAt: at,
      outputs: {},
    };
    update(() => views.set(task, view));
  }

  function setStatus(next: typeof status): void {
    update(() => (status = next));
  }

  /** A Workflow that is gone changes no more. */
  function update(change: () => void): void {
    if (abandon.signal.aborted) return;
    change();
    changed();
  }

  run().catch((error: unknown) => {
    const isLock = error instanceof StatusError && error.reason === 'NotFound';
    const message = error instanceof Error ? error.message : 'not an Error was thrown';
    end(
      isLock ? 'Failed' : 'Error',
      isLock ? `Failed to acquire the synchronization lock. ${message}` : message,
    );
  });

  return {
    view: () => ({
      ...{ namespace, name, machine, ...status },
      stopping: stop.signal.aborted,
      tasks: [...views.values()],
      ...(finish ? { finish } : {}),
    }),
    stop() {
      if (status.finishedAt !== undefined || stop.signal.aborted) return;
      stop.abort();
      steps.cancel();
      changed();
    },
    abandon() {
      abandon.abort();
      locks.release(holder);
    },
  };
}
