import { afterEach, describe, expect, it } from '@jest/globals';
import { STRATEGY_IN_PLACE, STRATEGY_LABEL } from '../../src/api/labels.ts';
import { writeRecord } from '../../src/api/operation.ts';
import type { Change, TaskView, WorkflowView } from '../../src/hook/store.ts';
import { CLUSTER, hookSite, NAMESPACE, type HookSite } from '../helpers/hook-site.ts';
import { recorded } from '../helpers/requests.ts';

const UPDATE = recorded('kcp-version-1.33-to-1.34/02-updatemachine-refit-cp-2f546.json');
const labels = { [STRATEGY_LABEL]: STRATEGY_IN_PLACE };

const at = (second: number): string =>
  new Date(Date.parse('2026-01-01T00:00:00Z') + second * 1000).toISOString();

let site: HookSite;
afterEach(() => site.close());

describe('protection', () => {
  it('ends by the policy of all where the override of its Cluster is bad by now', async () => {
    site = hookSite({ policy: { protectSeconds: 60 } });
    await site.store.start();
    site.store.addMachine({
      ...{ namespace: NAMESPACE, name: 'refit-cp-2f546', cluster: CLUSTER },
      ...{ role: 'control-plane', version: 'v1.33.7' },
    });
    site.store.failStep('kubelet', 'no space left');
    await site.poll(UPDATE, /operation 1 failed/);
    site.store.addCluster({
      namespace: NAMESPACE,
      name: CLUSTER,
      labels,
      policyOverride: 'protectSeconds: x',
    });
    await site.clock.advance(120);
    expect(site.events('InPlaceProtectionEnded')).toMatchObject([{ type: 'Warning' }]);
  });
});

describe('an update that Cluster API has forgotten', () => {
  const UPDATING = 'in-place-updates.internal.cluster.x-k8s.io/update-in-progress';
  const UNCOUNTED = 'in-place-updates.internal.cluster.x-k8s.io/pending-acknowledge-move';

  async function moved(annotations: Record<string, string>, deleting = false): Promise<void> {
    site.store.addMachine({
      ...{ namespace: NAMESPACE, name: 'worker', cluster: CLUSTER, annotations },
      ...{ role: 'worker', version: 'v1.33.7' },
    });
    if (deleting) site.store.deleteMachine(NAMESPACE, 'worker');
    await site.clock.advance(20);
  }

  it('gets its mark back, and people are told', async () => {
    site = hookSite();
    await site.store.start();
    await moved({ [UNCOUNTED]: '', mine: 'yes' });
    expect(site.machine('worker').annotations).toEqual({ [UNCOUNTED]: '', [UPDATING]: '', mine: 'yes' });
    expect(site.events('InPlaceUpdateResumed')).toMatchObject([
      { kind: 'Machine', name: 'worker', type: 'Warning', count: 1 },
    ]);
  });

  it.each([
    ['is not forgotten', { [UNCOUNTED]: '', [UPDATING]: '' }, false, labels],
    ['was not moved', { mine: 'yes' }, false, labels],
    ['has a Machine that is being deleted', { [UNCOUNTED]: '' }, true, labels],
    ['is of a Cluster that did not opt in', { [UNCOUNTED]: '' }, false, {}],
  ])('is left alone when it %s', async (_name, annotations, deleting, ofCluster) => {
    site = hookSite({ labels: ofCluster });
    await site.store.start();
    await moved(annotations, deleting);
    expect(site.machine('worker').annotations).toEqual(annotations);
    expect(site.events('InPlaceUpdateResumed')).toEqual([]);
  });
});

describe('an operation that is done by a Workflow of the owner', () => {
  const running: WorkflowView = {
    ...{ namespace: NAMESPACE, name: 'refit-edge-1', machine: '' },
    phase: 'Running',
    ...{ stopping: false, tasks: [] },
  };

  const listeners: ((change: Change) => void)[] = [];

  async function open(workflow: () => WorkflowView | undefined): Promise<void> {
    listeners.length = 0;
    site = hookSite({
      store: (inner) => ({
        ...inner,
        onChange: (listener) => void listeners.push(listener),
        workflow: (_namespace, name) => (name === running.name ? workflow() : undefined),
      }),
    });
    await site.store.start();
    site.store.addMachine({
      ...{ namespace: NAMESPACE, name: 'cp', cluster: CLUSTER },
      ...{ role: 'control-plane', version: 'v1.33.7' },
    });
    const record = { version: 1, number: 1, hash: 'h', state: 'running', to: 'v1.34.3' } as const;
    const annotations = writeRecord({ ...record, startedAt: '2026-01-01T00:00:00Z', workflow: running.name });
    await site.store.annotateMachine(site.machine('cp'), annotations);
  }

  it('is left alone while that runs', async () => {
    await open(() => running);
    await site.clock.advance(60);
    expect(site.record('cp')).toMatchObject({ state: 'running' });
  });

  it('has its steps told of as its own: they are inside a task of that', async () => {
    await open(() => running);
    const step = { name: 'kubelet', startedAt: at(0), outputs: {} } as const;
    const view = (own: TaskView): WorkflowView => {
      const around = { name: 'machine-cp', phase: 'Running', outputs: {}, steps: [own] } as const;
      return { ...running, tasks: [{ name: 'prepare', phase: 'Succeeded', outputs: {} }, around] };
    };
    const previous = view({ ...step, phase: 'Running' });
    const message = 'watchdog: kubelet: got no answer';
    const workflow = view({ ...step, phase: 'Failed', message, finishedAt: at(90) });
    for (const listener of listeners) listener({ kind: 'Workflow', workflow, previous });
    const about = { kind: 'Machine', name: 'cp', message: `step kubelet: ${message}` };
    expect(site.events('InPlaceStepFailed')).toMatchObject([about]);
    const fired = await site.metrics.registry.getSingleMetric('refit_watchdog_fired_total')?.get();
    expect(fired?.values.find(({ labels }) => labels['step'] === 'kubelet')?.value).toBe(1);
  });

  it('ends when that ended without a word about it', async () => {
    await open(() => ({ ...running, phase: 'Failed', message: 'exit handler lost', finishedAt: 'now' }));
    await site.clock.advance(60);
    expect(site.record('cp')).toMatchObject({ state: 'failed', reason: 'exit handler lost' });
  });
});
