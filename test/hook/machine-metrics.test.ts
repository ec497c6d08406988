import { describe, expect, it } from '@jest/globals';
import { BLOCKED_ANNOTATION } from '../../src/api/labels.ts';
import { writeRecord, type OperationRecord, type OperationState } from '../../src/api/operation.ts';
import { operationName } from '../../src/api/names.ts';
import { createMetrics } from '../../src/hook/metrics.ts';
import type { MachineView, TaskView, WorkflowView } from '../../src/hook/store.ts';

const BEGIN = '2026-01-01T00:00:00.000Z';
const at = (minute: number): string => new Date(Date.parse(BEGIN) + minute * 60_000).toISOString();
const seconds = (minute: number): number => Date.parse(at(minute)) / 1000;

describe('refit_machine_operation', () => {
  it('names the Machines that are worked on or failed, and no others', async () => {
    const machines = (['starting', 'running', 'stopping', 'failed', 'succeeded', 'cancelled'] as const).map(
      (state) => machine(state, state),
    );
    expect(await scraped('refit_machine_operation', [...machines, machine('fresh')])).toEqual(
      ['starting', 'running', 'stopping', 'failed'].map((state) => ({ ...labels(state), state, value: 1 })),
    );
  });

  it('forgets a Machine that is gone', async () => {
    const machines = [machine('m-1', 'failed')];
    const { registry } = createMetrics(() => machines);
    expect(await values(registry, 'refit_machine_operation')).toHaveLength(1);
    machines.pop();
    expect(await values(registry, 'refit_machine_operation')).toEqual([]);
  });
});

describe('refit_operation_last_progress_timestamp_seconds', () => {
  const name = 'refit_operation_last_progress_timestamp_seconds';
  const running = machine('m-1', 'running');

  it.each<[string, Partial<WorkflowView> | undefined, number | undefined]>([
    ['of an operation without a Workflow is its begin', undefined, 0],
    ['of one that Argo has not seen, too', { phase: 'Pending' }, 0],
    [
      'of one that waits for its turn is not told',
      { phase: 'Pending', message: 'Waiting for lab/Mutex/x' },
      undefined,
    ],
    ['is when its last step began', { tasks: [task(1, 2), task(2)] }, 2],
    ['is when its last step ended', { tasks: [task(1, 7), task(2, 3)] }, 7],
    ['counts the exit handler', { tasks: [task(1, 2)], finish: task(9) }, 9],
  ])('%s', async (_what, workflow, minute) => {
    const view = workflow && { ...emptyWorkflow, ...workflow };
    const found = await scraped(name, [running], view);
    expect(found).toEqual(minute === undefined ? [] : [{ ...labels('m-1'), value: seconds(minute) }]);
  });

  it('is that of the Workflow that does it, if that is not its own', async () => {
    const shared = machine('m-1', 'running', { workflow: 'refit-edge-1' });
    const view = { ...emptyWorkflow, name: 'refit-edge-1', tasks: [task(4)] };
    const { registry } = createMetrics(
      () => [shared],
      (_namespace, workflow) => (workflow === view.name ? view : undefined),
    );
    expect(await values(registry, name)).toEqual([{ ...labels('m-1'), value: seconds(4) }]);
  });

  it('is when the last of its own steps began or ended, where a Workflow does several Machines', async () => {
    const machines = ['m-1', 'm-2'].map((each) => machine(each, 'running', { workflow: 'refit-edge-1' }));
    const around = { phase: 'Running', startedAt: at(0), outputs: {} } as const;
    const tasks: TaskView[] = [
      { name: 'machine-m-1', ...around, steps: [task(1, 5)] },
      { name: 'machine-m-2', ...around, steps: [task(1, 2), task(2, 9)] },
    ];
    const { registry } = createMetrics(
      () => machines,
      () => ({ ...emptyWorkflow, tasks }),
    );
    expect(await values(registry, name)).toEqual([
      { ...labels('m-1'), value: seconds(5) },
      { ...labels('m-2'), value: seconds(9) },
    ]);
  });

  it('is not told of an operation that ended', async () => {
    expect(await scraped(name, [machine('m-1', 'failed')])).toEqual([]);
  });
});

describe('refit_machine_blocked', () => {
  it('names the Machines that are marked', async () => {
    const blocked = { ...machine('m-1'), annotations: { [BLOCKED_ANNOTATION]: 'rolled back' } };
    expect(await scraped('refit_machine_blocked', [blocked, machine('m-2')])).toEqual([
      { ...labels('m-1'), value: 1 },
    ]);
  });
});

describe('refit_step_duration_seconds', () => {
  it('has the names of steps, and none of Machines', async () => {
    const metrics = createMetrics(() => []);
    for (const name of ['stage', 'machine-m-1', 'prepare'])
      metrics.observeStep({ ...task(1, 2), name, phase: 'Succeeded' });
    const found = await values(metrics.registry, 'refit_step_duration_seconds');
    expect(new Set(found.map(({ step }) => step))).toEqual(new Set(['stage']));
  });
});

describe('refit_watchdog_fired_total', () => {
  it('counts steps that the watchdog gave up, from 0 on', async () => {
    const metrics = createMetrics(() => []);
    const kubelet = async () =>
      (await values(metrics.registry, 'refit_watchdog_fired_total')).find(({ step }) => step === 'kubelet')
        ?.value;
    expect(await kubelet()).toBe(0);
    const failed = { ...task(1, 2), name: 'kubelet', phase: 'Failed' } as const;
    metrics.observeStep({ ...failed, message: 'kubelet is not active' });
    expect(await kubelet()).toBe(0);
    metrics.observeStep({ ...failed, message: 'watchdog: kubelet: got no answer' });
    expect(await kubelet()).toBe(1);
  });
});

const emptyWorkflow: WorkflowView = {
  ...{ namespace: 'lab', name: 'w', machine: 'm-1', phase: 'Running', stopping: false, tasks: [] },
};

function task(from: number, to?: number): TaskView {
  const ended = to === undefined ? {} : { finishedAt: at(to) };
  return { name: 'stage', phase: 'Running', startedAt: at(from), ...ended, outputs: {} };
}

function machine(name: string, state?: OperationState, more: Partial<OperationRecord> = {}): MachineView {
  const record = { version: 1, number: 1, hash: 'v1-x', to: 'v1.34.3', startedAt: BEGIN } as const;
  return {
    ...{ namespace: 'lab', name, uid: `uid-${name}`, resourceVersion: '1', labels: {}, deleting: false },
    ...{ cluster: 'edge', nodeName: `node-${name}` },
    annotations: state === undefined ? {} : writeRecord({ ...record, ...more, state }),
  };
}

function labels(name: string) {
  return { namespace: 'lab', cluster: 'edge', machine: name, node: `node-${name}` };
}

async function scraped(metric: string, machines: MachineView[], workflow?: WorkflowView) {
  const find = (namespace: string, name: string): WorkflowView | undefined =>
    machines.some((each) => each.namespace === namespace && operationName(each, 1) === name)
      ? workflow
      : undefined;
  return values(createMetrics(() => machines, find).registry, metric);
}

type Sample = Record<string, string | number>;

async function values(
  registry: ReturnType<typeof createMetrics>['registry'],
  metric: string,
): Promise<Sample[]> {
  const found = await registry.getSingleMetric(metric)?.get();
  return (found?.values ?? []).map(({ labels: own, value }) => ({ ...(own as Sample), value }));
}
