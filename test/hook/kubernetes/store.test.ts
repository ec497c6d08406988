// Runs on the stand-in, and on a real API server if REFIT_TEST_KUBECONFIG is set.
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { KubeConfig } from '@kubernetes/client-node';
import type { JsonObject } from '../../../src/api/json.ts';
import { text, texts } from '../../../src/kubernetes/fields.ts';
import {
  CLUSTERS,
  MACHINE_DEPLOYMENTS,
  MACHINES,
  WORKFLOWS,
  type Resource,
} from '../../../src/hook/kubernetes/resources.ts';
import { kubernetesStore } from '../../../src/hook/kubernetes/store.ts';
import { silent } from '../../../src/hook/log.ts';
import type { Change, MachineView, Store } from '../../../src/hook/store.ts';
import { fakeClock } from '../../helpers/clock.ts';
import { testCluster, type TestCluster } from '../../helpers/test-cluster.ts';
import { until } from '../../helpers/until.ts';
import {
  clusterObject,
  machineDeploymentObject,
  machineObject,
  machineStatus,
  workflowObject,
} from './samples.ts';

const clock = fakeClock();
const stores: Store[] = [];
let cluster: TestCluster;
let ns: string;

beforeAll(async () => {
  cluster = await testCluster(clock);
  ns = cluster.namespace;
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
});
afterAll(() => cluster.close());

async function startedStore(kubeConfig: KubeConfig = cluster.kubeConfig): Promise<Store> {
  const store = kubernetesStore({ kubeConfig, clock, log: silent, random: () => 0.5 });
  stores.push(store);
  await store.start();
  await until(() => store.ready(), 'caches filled');
  return store;
}

function create(resource: Resource, object: object): Promise<JsonObject> {
  return cluster.client.create(resource.path(ns), object);
}

function changesOf(store: Store): Change[] {
  const changes: Change[] = [];
  store.onChange((change) => changes.push(change));
  return changes;
}

async function seenMachine(store: Store, name: string): Promise<MachineView> {
  await until(() => store.machine(ns, name) !== undefined, `${name} seen`);
  return store.machine(ns, name) as MachineView;
}

describe('the caches', () => {
  it('show what was there before the start', async () => {
    await create(CLUSTERS, clusterObject(ns, 'before', { 'capi-refit.io/strategy': 'in-place' }));
    await create(MACHINES, machineObject(ns, 'before'));
    await create(MACHINE_DEPLOYMENTS, machineDeploymentObject(ns, 'before', 'v1.34.3'));
    await create(WORKFLOWS, workflowObject(ns, 'before'));
    const store = await startedStore();
    expect(store.cluster(ns, 'before')?.labels).toMatchObject({ 'capi-refit.io/strategy': 'in-place' });
    expect(store.machine(ns, 'before')).toMatchObject({
      cluster: 'refit',
      version: 'v1.33.7',
      deleting: false,
    });
    expect(store.machineDeployment(ns, 'before')).toMatchObject({ generation: 1, version: 'v1.34.3' });
    const name = workflowObject(ns, 'before').metadata?.name ?? '';
    expect(store.workflow(ns, name)).toMatchObject({ machine: 'before', phase: 'Pending' });
    expect([...store.machines()].map((machine) => machine.name)).toContain('before');
  });

  it('follow what is created, changed and deleted later', async () => {
    const store = await startedStore();
    const changes = changesOf(store);
    await create(MACHINES, machineObject(ns, 'later'));
    expect((await seenMachine(store, 'later')).nodeReady).toBeUndefined();
    const status = machineStatus('v1.34.3', 'True');
    await cluster.client.mergePatch(`${MACHINES.path(ns, 'later')}/status`, { status });
    await until(() => store.machine(ns, 'later')?.kubeletVersion === 'v1.34.3', 'status seen');
    expect(store.machine(ns, 'later')?.nodeReady).toBe(true);
    await cluster.client.delete(MACHINES.path(ns, 'later'));
    await until(() => store.machine(ns, 'later') === undefined, 'deletion seen');
    const told = changes.filter((change) => change.kind === 'Machine' && change.machine.name === 'later');
    expect(told.length).toBeGreaterThanOrEqual(3);
  });

  it('leave out Workflows that are not ours', async () => {
    const store = await startedStore();
    const foreign = workflowObject(ns, 'foreign');
    await create(WORKFLOWS, { ...foreign, metadata: { ...foreign.metadata, name: 'foreign', labels: {} } });
    await create(WORKFLOWS, workflowObject(ns, 'ours'));
    const name = workflowObject(ns, 'ours').metadata?.name ?? '';
    await until(() => store.workflow(ns, name) !== undefined, 'ours seen');
    expect(store.workflow(ns, 'foreign')).toBeUndefined();
  });

  it('say when each generation of a MachineDeployment was first seen', async () => {
    const store = await startedStore();
    await create(MACHINE_DEPLOYMENTS, machineDeploymentObject(ns, 'aging', 'v1.33.7'));
    await until(() => store.machineDeployment(ns, 'aging') !== undefined, 'seen');
    const first = store.machineDeployment(ns, 'aging')?.seenAt ?? NaN;
    expect(first).toBe(clock.monotonic());
    await clock.advance(1);
    const path = MACHINE_DEPLOYMENTS.path(ns, 'aging');
    await cluster.client.mergePatch(path, { metadata: { labels: { touched: 'yes' } } });
    await cluster.client.mergePatch(path, { spec: { template: { spec: { version: 'v1.34.3' } } } });
    await until(() => store.machineDeployment(ns, 'aging')?.version === 'v1.34.3', 'change seen');
    expect(store.machineDeployment(ns, 'aging')).toMatchObject({ generation: 2, seenAt: first + 1 });
  });
});

describe('annotateMachine', () => {
  it('sets and removes, and the cache shows it at once', async () => {
    await create(MACHINES, machineObject(ns, 'annotated', { old: '1', kept: '2' }));
    const store = await startedStore();
    const changes = changesOf(store);
    const before = await seenMachine(store, 'annotated');
    const after = await store.annotateMachine(before, { old: null, new: '3' });
    expect(after.annotations).toMatchObject({ kept: '2', new: '3' });
    expect(after.annotations).not.toHaveProperty('old');
    const cached = { ...after, restsSince: expect.any(Number) };
    expect(store.machine(ns, 'annotated')).toEqual(cached);
    expect(changes).toContainEqual({ kind: 'Machine', machine: cached });
  });

  it('refuses when somebody else was first, and reading again shows what it is now', async () => {
    await create(MACHINES, machineObject(ns, 'contested'));
    const store = await startedStore();
    const stale = await seenMachine(store, 'contested');
    await cluster.client.mergePatch(MACHINES.path(ns, 'contested'), {
      metadata: { annotations: { theirs: '1' } },
    });
    await expect(store.annotateMachine(stale, { ours: '1' })).rejects.toMatchObject({ reason: 'Conflict' });
    const fresh = await store.readMachine(ns, 'contested');
    expect(fresh?.annotations).toMatchObject({ theirs: '1' });
    const after = await store.annotateMachine(fresh as MachineView, { ours: '1' });
    expect(after.annotations).toMatchObject({ theirs: '1', ours: '1' });
  });

  it('lets one of several replicas win', async () => {
    await create(MACHINES, machineObject(ns, 'shared'));
    const replicas = await Promise.all([startedStore(), startedStore(), startedStore()]);
    const machine = await seenMachine(replicas[0], 'shared');
    const attempts = replicas.map((store, index) =>
      store.annotateMachine(machine, { winner: String(index) }),
    );
    const results = await Promise.allSettled(attempts);
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ reason: 'Conflict' });
    }
  });

  it('says when the Machine is gone', async () => {
    await create(MACHINES, machineObject(ns, 'gone'));
    const store = await startedStore();
    const machine = await seenMachine(store, 'gone');
    await cluster.client.delete(MACHINES.path(ns, 'gone'));
    await expect(store.annotateMachine(machine, { a: '1' })).rejects.toMatchObject({ reason: 'NotFound' });
    expect(await store.readMachine(ns, 'gone')).toBeUndefined();
  });
});

describe('Workflows', () => {
  it('are created once, and the cache shows them at once', async () => {
    const store = await startedStore();
    const workflow = workflowObject(ns, 'once');
    const name = workflow.metadata?.name ?? '';
    expect(await store.createWorkflow(workflow)).toBe('created');
    expect(store.workflow(ns, name)?.tasks.length).toBeGreaterThan(10);
    expect(await store.createWorkflow(workflow)).toBe('exists');
    expect(await store.readWorkflow(ns, name)).toEqual(store.workflow(ns, name));
    expect(await store.readWorkflow(ns, 'none')).toBeUndefined();
  });

  it('are stopped by a patch that leaves the rest alone', async () => {
    const store = await startedStore();
    const workflow = workflowObject(ns, 'stopped');
    const name = workflow.metadata?.name ?? '';
    await store.createWorkflow(workflow);
    const mark = { 'workflows.argoproj.io/last-seen-version': '1' };
    await cluster.client.mergePatch(WORKFLOWS.path(ns, name), { metadata: { annotations: mark } });
    await store.stopWorkflow(ns, name);
    expect(store.workflow(ns, name)?.stopping).toBe(true);
    const object = await cluster.client.get(WORKFLOWS.path(ns, name));
    expect(text(object, 'spec', 'shutdown')).toBe('Stop');
    expect(texts(object, 'metadata', 'annotations')).toMatchObject(mark);
  });

  it('that put an operation back are found while they run', async () => {
    const store = await startedStore();
    const labels = { 'capi-refit.io/machine-uid': 'uid-1', 'capi-refit.io/rollback': '1' };
    const { metadata, ...rest } = workflowObject(ns, 'back');
    await create(WORKFLOWS, { ...rest, metadata: { ...metadata, name: 'back', labels } });
    expect(await store.openRollback({ namespace: ns, uid: 'uid-1' })).toBe('back');
    expect(await store.openRollback({ namespace: ns, uid: 'uid-2' })).toBeUndefined();
    const status = { phase: 'Succeeded', finishedAt: '2026-01-01T00:00:00Z' };
    await cluster.client.mergePatch(WORKFLOWS.path(ns, 'back'), { status });
    expect(await store.openRollback({ namespace: ns, uid: 'uid-1' })).toBeUndefined();
  });

  it('that are gone need no stopping', async () => {
    const store = await startedStore();
    await expect(store.stopWorkflow(ns, 'none')).resolves.toBeUndefined();
  });
});
