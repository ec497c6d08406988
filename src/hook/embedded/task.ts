// Runs one task: its arguments, its step.
import type { Clock } from '../../api/clock.ts';
import { StatusError } from '../../api/errors.ts';
import type { TaskPhase, TaskView } from '../store.ts';
import type { WorkflowSteps } from './steps.ts';
import type { Task } from './workflow.ts';

export interface TaskOptions {
  task: Task;
  clock: Clock;
  steps: WorkflowSteps;
  /** Told to stop: nothing new begins. */
  stopping: boolean;
  /** The pod is gone. */
  signal: AbortSignal;
  record: (view: TaskView) => void;
}

/** Never throws: what goes wrong is the task's phase and message. */
export async function runTask(options: TaskOptions): Promise<void> {
  const { task, clock, steps, signal, record } = options;
  const { name } = task;
  const begun = { name, startedAt: clock.now().toISOString(), outputs: {} };
  const end = (phase: TaskPhase, message: string): void =>
    record({ ...begun, phase, message, finishedAt: clock.now().toISOString() });
  try {
    if (options.stopping) return end('Failed', 'workflow shutdown with strategy: Stop');
    record({ ...begun, phase: 'Running' });
    const outputs = await steps.perform(task.step, task.arguments, signal);
    record({ ...begun, phase: 'Succeeded', finishedAt: clock.now().toISOString(), outputs });
  } catch (error) {
    // What a step refuses is its failure; what cannot be evaluated, or is a bug of the simulation, is Argo's Error.
    const isFailure = error instanceof StatusError && error.reason !== 'BadInput';
    end(isFailure ? 'Failed' : 'Error', error instanceof Error ? error.message : 'not an Error was thrown');
  }
}
