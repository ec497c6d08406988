// DAGs that the generator does not make, with steps that only take time.
import { describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import { createLocks } from '../../../src/hook/embedded/locks.ts';
import { runWorkflow } from '../../../src/hook/embedded/runner.ts';
import type { Outputs } from '../../../src/hook/embedded/step-ends.ts';
import type { WorkflowSteps } from '../../../src/hook/embedded/steps.ts';
import type { SimulatedWorkflow, Task } from '../../../src/hook/embedded/workflow.ts';
import { fakeClock } from '../../helpers/clock.ts';

function task(name: string, more: Partial<Task> = {}): Task {
  return { name, step: 'backup', arguments: new Map(), ...more };
}

interface Given {
  tasks: Task[];
  finish?: Task;
  locks?: string[];
  steps?: Partial<WorkflowSteps>;
}

/** Every step takes 10 s and gives an output `out`. */
function start({ tasks, finish = task('finish', { step: 'finish' }), locks = [], steps = {} }: Given) {
  const clock = fakeClock();
  const given: [string, Outputs][] = [];
  const workflow: SimulatedWorkflow = {
    ...{
      namespace: 'lab',
      name: 'refit-a-1',
      machine: 'a',
      machineUid: 'u',
      operation: '1',
      tasks,
      finish,
      locks,
    },
    parameters: new Map([['cluster', 'edge']]),
  };
  const perform: WorkflowSteps['perform'] = async (step, values) => {
    given.push([step, Object.fromEntries(values)]);
    await clock.sleep(10);
    return { out: `of ${step}` };
  };
  let changes = 0;
  const run = runWorkflow({
    ...{ workflow, clock, locks: createLocks(), changed: () => (changes += 1) },
    steps: { perform, cancel: () => undefined, ...steps },
  });
  const phase = () => run.view().tasks.map(({ name, phase }) => `${name} ${phase}`);
  return { clock, run, given, phase, changes: () => changes };
}

function failing(names: string[], error: Error): Partial<WorkflowSteps> {
  return { perform: async (step) => (names.includes(step) ? Promise.reject(error) : {}) };
}

const REFUSED = new StatusError('no', { reason: 'Failed' });

describe('the DAG', () => {
  it('runs what is ready in parallel, and the rest when its time has come', async () => {
    const { clock, run, phase } = start({
      tasks: [task('a'), task('b'), task('c', { depends: 'a && b' })],
    });
    await clock.settle();
    expect(phase()).toEqual(['a Running', 'b Running', 'c Pending']);
    await clock.advance(10);
    expect(phase()).toEqual(['a Succeeded', 'b Succeeded', 'c Running']);
    expect(run.view()).toMatchObject({
      phase: 'Running',
      tasks: [{ startedAt: '2026-01-01T00:00:00.000Z' }, {}, {}],
    });
    await clock.advance(10);
    expect(run.view()).toMatchObject({ phase: 'Running', finish: { phase: 'Running' } });
    await clock.advance(10);
    expect(run.view()).toMatchObject({ phase: 'Succeeded', finishedAt: '2026-01-01T00:00:30.000Z' });
    expect(run.view()).not.toHaveProperty('message');
  });

  it('gives a task its arguments', async () => {
    const { clock, given } = start({ tasks: [task('a', { arguments: new Map([['x', 'edge']]) })] });
    await clock.advance(10);
    expect(given[0]).toEqual(['backup', { x: 'edge' }]);
  });

  it('omits what follows a failure, through several tasks at once', async () => {
    const { clock, run, phase } = start({
      tasks: [task('a'), task('b', { depends: 'a.Succeeded' }), task('c', { depends: 'b.Succeeded' })],
      steps: failing(['backup'], REFUSED),
    });
    await clock.settle();
    expect(phase()).toEqual(['a Failed', 'b Omitted', 'c Omitted']);
    expect(run.view()).toMatchObject({
      phase: 'Failed',
      message: 'step a: no',
      finish: { phase: 'Succeeded' },
    });
  });

  it('shows a bug in a step as Error', async () => {
    const { clock, run } = start({
      tasks: [task('a')],
      steps: failing(['backup'], new TypeError('x is undefined')),
    });
    await clock.settle();
    expect(run.view()).toMatchObject({ phase: 'Error', message: 'step a: x is undefined' });
  });

  it('tells of every change', async () => {
    const { clock, changes } = start({ tasks: [task('a')] });
    await clock.advance(30);
    // Workflow running; a running, succeeded; finish running, succeeded; Workflow succeeded
    expect(changes()).toBe(6);
  });
});

describe('the exit handler', () => {
  it('that fails makes the Workflow fail', async () => {
    const { clock, run } = start({ tasks: [task('a')], steps: failing(['finish'], REFUSED) });
    await clock.settle();
    expect(run.view()).toMatchObject({
      phase: 'Failed',
      message: 'step finish: no',
      finish: { phase: 'Failed' },
    });
  });
});

describe('locks', () => {
  it('without its ConfigMap the Workflow fails as with Argo', async () => {
    const { clock, run, phase } = start({ tasks: [task('a')], locks: ['lab/ConfigMap/x/workers'] });
    await clock.settle();
    expect(run.view()).toMatchObject({
      phase: 'Failed',
      message: 'Failed to acquire the synchronization lock. lab/ConfigMap/x/workers: not found',
    });
    expect(phase()).toEqual(['a Pending']);
  });
});

describe('stop', () => {
  it('cancels the node once, and changes nothing after the end', async () => {
    let cancelled = 0;
    const cancel = (): void => void (cancelled += 1);
    const { clock, run } = start({ tasks: [task('a')], steps: { cancel } });
    run.stop();
    run.stop();
    await clock.advance(30);
    expect(cancelled).toBe(1);
    // What ran when it was told to stop was all there was.
    expect(run.view()).toMatchObject({ phase: 'Succeeded', stopping: true });
  });

  it('after the end is nothing', async () => {
    const { clock, run } = start({ tasks: [task('a')] });
    await clock.advance(30);
    run.stop();
    expect(run.view()).toMatchObject({ phase: 'Succeeded', stopping: false });
  });
});

it('a Workflow that is abandoned changes no more', async () => {
  const { clock, run, changes } = start({ tasks: [task('a'), task('b', { depends: 'a' })] });
  await clock.advance(5);
  const before = [run.view(), changes()];
  run.abandon();
  await clock.advance(50);
  expect([run.view(), changes()]).toEqual(before);
});
