import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { EXTERNAL_STATES, writeExternal } from '../../../src/api/external-record.ts';
import { registerOwnerMetrics } from '../../../src/hook/external/owner-metrics.ts';
import type { OwnerView } from '../../../src/hook/external/owners.ts';
import type { TaskView, WorkflowView } from '../../../src/hook/store.ts';

it('names the owners that are held, as long as they are there, and none that was given back', async () => {
  const bare = { ...owner('fresh'), annotations: {} };
  const given = { ...owner('failed'), name: 'given-back' };
  given.annotations = { ...given.annotations, 'cluster.x-k8s.io/paused': 'me' };
  const owners = [...EXTERNAL_STATES.map(owner), bare, given];
  const registry = new Registry();
  registerOwnerMetrics(registry, () => owners);
  const labels = (state: string) => ({ namespace: 'lab', kind: 'MachineDeployment', owner: state, state });
  expect(await samples(registry)).toEqual(
    ['requested', 'declined', 'running', 'failed'].map((state) => ({ labels: labels(state), value: 1 })),
  );
  owners.length = 0;
  expect(await samples(registry)).toEqual([]);
});

describe('when something of a running upgrade last happened', () => {
  const at = (minute: number): string => new Date(minute * 60_000).toISOString();
  const step = (startedAt: string, finishedAt?: string): TaskView => ({
    ...{ name: 'stage', phase: 'Running', startedAt, outputs: {} },
    ...(finishedAt === undefined ? {} : { finishedAt }),
  });
  const machine = (name: string, more: Partial<TaskView>): TaskView => ({
    ...{ name, phase: 'Running', startedAt: at(1), outputs: {}, ...more },
  });
  const waiting = machine('machine-b', {
    phase: 'Pending',
    message: 'Waiting for lab/x lock. Lock status: 0/1',
  });

  it.each<[string, Partial<WorkflowView> | undefined, number | undefined]>([
    ['is its begin where Argo has made nothing of it', { phase: 'Pending' }, 0],
    ['is its begin where no Workflow is seen', undefined, 0],
    ['is not told while it waits for its turn', { phase: 'Pending', message: 'Waiting for x' }, undefined],
    [
      'is that of the steps of its Machines',
      { tasks: [machine('machine-a', { steps: [step(at(2), at(7))] })] },
      7,
    ],
    [
      'is told while another Machine waits',
      { tasks: [machine('machine-a', { steps: [step(at(3))] }), waiting] },
      3,
    ],
    [
      'is not told while all that is left waits',
      { tasks: [machine('machine-a', { phase: 'Succeeded', finishedAt: at(9) }), waiting] },
      undefined,
    ],
  ])('%s', async (_what, more, minute) => {
    const view: WorkflowView = {
      ...{ namespace: 'lab', name: 'w', machine: '', phase: 'Running', stopping: false, tasks: [] },
      ...more,
    };
    const registry = new Registry();
    registerOwnerMetrics(
      registry,
      () => EXTERNAL_STATES.map(owner),
      (_namespace, name) => (name === 'w' && more ? view : undefined),
    );
    const labels = { namespace: 'lab', kind: 'MachineDeployment', owner: 'running' };
    expect(await samples(registry, 'refit_owner_last_progress_timestamp_seconds')).toEqual(
      minute === undefined ? [] : [{ labels, value: minute * 60 }],
    );
  });
});

function owner(name: string): OwnerView {
  const state = EXTERNAL_STATES.find((candidate) => candidate === name) ?? 'running';
  const startedAt = new Date(0).toISOString();
  const record = writeExternal({ version: 1, number: 1, state, to: 'v1.34.3', workflow: 'w', startedAt });
  const annotations = { ...record, 'cluster.x-k8s.io/paused': 'capi-refit.io' };
  return { kind: 'MachineDeployment', namespace: 'lab', name, uid: 'u', annotations };
}

async function samples(registry: Registry, name = 'refit_owner_upgrade') {
  const metric = await registry.getSingleMetric(name)?.get();
  return metric?.values.map(({ labels, value }) => ({ labels, value }));
}
