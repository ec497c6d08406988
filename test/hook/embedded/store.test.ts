import { describe, expect, it } from '@jest/globals';
import type { Change } from '../../../src/hook/store.ts';
import { FROM, phases, site, TO } from './site.ts';

const EVENT = {
  kind: 'Machine',
  namespace: 'lab',
  name: 'md-0',
  uid: 'u',
  type: 'Normal',
  reason: 'InPlaceUpdateStarted',
  message: 'operation 1',
} as const;

describe('annotateMachine', () => {
  it('sets, removes, and gives the Machine another resourceVersion', async () => {
    const { store, addMachine } = site();
    const machine = addMachine('md-0', 'worker');
    const first = await store.annotateMachine(machine, { a: '1', b: '2' });
    const second = await store.annotateMachine(first, { a: null, c: '3' });
    expect(second.annotations).toEqual({ b: '2', c: '3' });
    expect(second.resourceVersion).not.toBe(first.resourceVersion);
    expect(store.machine('lab', 'md-0')).toEqual(second);
    expect(machine.annotations).toEqual({});
  });

  it('is a Conflict when the Machine changed meanwhile, whoever changed it', async () => {
    const { store, addMachine } = site();
    const machine = addMachine('md-0', 'worker');
    store.setMachineVersion('lab', 'md-0', 'v1.34.4');
    await expect(store.annotateMachine(machine, { a: '1' })).rejects.toMatchObject({ reason: 'Conflict' });
    expect(store.machine('lab', 'md-0')?.annotations).toEqual({});
    const current = await store.readMachine('lab', 'md-0');
    await expect(current && store.annotateMachine(current, { a: '1' })).resolves.toBeDefined();
  });

  it('lets one of two writers win', async () => {
    const { store, addMachine } = site();
    const machine = addMachine('md-0', 'worker');
    const writes = ['1', '2'].map((a) => store.annotateMachine(machine, { a }));
    const results = await Promise.allSettled(writes);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('of a Machine whose name was used again is a Conflict, of none NotFound', async () => {
    const { store, addMachine } = site();
    const machine = addMachine('md-0', 'worker');
    addMachine('md-0', 'worker');
    await expect(store.annotateMachine(machine, { a: '1' })).rejects.toMatchObject({ reason: 'Conflict' });
    const none = { ...machine, name: 'md-9' };
    await expect(store.annotateMachine(none, { a: '1' })).rejects.toMatchObject({ reason: 'NotFound' });
  });

  it('that changes nothing is no write', async () => {
    const { store, addMachine } = site();
    const machine = await store.annotateMachine(addMachine('md-0', 'worker'), { a: '1' });
    const again = await store.annotateMachine(machine, { a: '1', b: null });
    expect(again.resourceVersion).toBe(machine.resourceVersion);
  });
});

describe('Machines', () => {
  it('show what the node reports', () => {
    const { addMachine } = site();
    expect(addMachine('md-0', 'worker')).toMatchObject({
      ...{ version: TO, nodeName: 'md-0', kubeletVersion: FROM, nodeReady: true, deleting: false },
      labels: { 'cluster.x-k8s.io/cluster-name': 'edge' },
    });
    expect(addMachine('cp-0', 'control-plane').labels).toHaveProperty(['cluster.x-k8s.io/control-plane']);
  });

  it('may have no node', () => {
    const { store } = site();
    const machine = store.addMachine({
      ...{ namespace: 'lab', name: 'md-0', cluster: 'edge', role: 'worker', version: TO, node: null },
    });
    expect(machine).not.toHaveProperty('nodeName');
    expect(store.node('lab', 'md-0')).toBeUndefined();
  });

  it('get another resourceVersion when the node changes', async () => {
    const { clock, store, addMachine, submit } = site();
    addMachine('md-0', 'worker');
    await submit('md-0');
    await clock.advance(65);
    const before = store.machine('lab', 'md-0');
    await clock.advance(10);
    const after = store.machine('lab', 'md-0');
    expect([before?.kubeletVersion, after?.kubeletVersion]).toEqual([FROM, TO]);
    expect(after?.resourceVersion).not.toBe(before?.resourceVersion);
  });

  it('stay while they are deleted', () => {
    const { store, addMachine } = site();
    addMachine('md-0', 'worker');
    store.deleteMachine('lab', 'md-0');
    expect(store.machine('lab', 'md-0')?.deleting).toBe(true);
    expect([...store.machines()]).toHaveLength(1);
  });
});

describe('MachineDeployments', () => {
  it('count from when their generation was first seen', async () => {
    const { clock, store } = site();
    const names = { namespace: 'lab', name: 'md' };
    await clock.advance(5);
    const first = store.addMachineDeployment({ ...names, generation: 1 });
    await clock.advance(5);
    expect(store.addMachineDeployment({ ...names, generation: 1 })).toEqual(first);
    expect(store.addMachineDeployment({ ...names, generation: 2 })).toEqual({
      ...first,
      generation: 2,
      seenAt: 10,
    });
    expect(store.machineDeployment('lab', 'md')?.seenAt).toBe(10);
  });
});

describe('Workflows', () => {
  it('exist once per name, and are kept as submitted', async () => {
    const { store, addMachine, submit } = site();
    addMachine('md-0', 'worker');
    const name = await submit('md-0');
    const object = store.workflowObject('lab', name);
    expect(object?.metadata.name).toBe(name);
    if (object) expect(await store.createWorkflow(object)).toBe('exists');
    expect(await store.readWorkflow('lab', name)).toEqual(store.workflow('lab', name));
    expect(store.workflow('other', name)).toBeUndefined();
  });

  it('that cannot be understood are refused', async () => {
    const { store } = site();
    const metadata = { name: 'a', namespace: 'lab' };
    const workflow = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Workflow', metadata, spec: {} } as const;
    await expect(store.createWorkflow(workflow)).rejects.toMatchObject({ reason: 'BadInput' });
    expect(store.workflow('lab', 'a')).toBeUndefined();
  });

  it('that are gone can be stopped without error', async () => {
    const { store } = site();
    await expect(store.stopWorkflow('lab', 'none')).resolves.toBeUndefined();
  });
});

describe('changes', () => {
  it('tell of every step with the view before, later than the write', async () => {
    const { clock, store, addMachine, submit } = site();
    const changes: Change[] = [];
    addMachine('md-0', 'worker');
    await clock.settle();
    store.onChange((change) => changes.push(change));
    const name = await submit('md-0');
    await clock.advance(15);
    const workflowChanges = changes.filter((change) => change.kind === 'Workflow');
    expect(workflowChanges[0]).not.toHaveProperty('previous');
    expect(workflowChanges.at(-1)?.workflow).toEqual(store.workflow('lab', name));
    const ended = workflowChanges.find(({ workflow }) => phases(workflow)['preflight'] === 'Succeeded');
    expect(ended?.previous?.tasks[0]).toMatchObject({ name: 'preflight', phase: 'Running' });
  });

  it('tell of Machines, not in the middle of a write', async () => {
    const { clock, store, addMachine } = site();
    const seen: string[] = [];
    store.onChange((change) => seen.push(change.kind));
    addMachine('md-0', 'worker');
    expect(seen).toEqual([]);
    await clock.settle();
    expect(seen).toEqual(['Machine']);
  });
});

describe('the store', () => {
  it('is ready once started', async () => {
    const { store } = site();
    expect(store.ready()).toBe(false);
    await store.start();
    expect(store.ready()).toBe(true);
  });

  it('closed, does nothing more', async () => {
    const { clock, store, addMachine, submit } = site();
    addMachine('md-0', 'worker');
    await submit('md-0');
    await clock.advance(35);
    const changes: Change[] = [];
    store.onChange((change) => changes.push(change));
    await store.close();
    await clock.advance(300);
    expect(changes).toEqual([]);
    expect(store.node('lab', 'md-0')?.versions.kubelet).toBe(FROM);
  });

  it('counts the same Event once more', async () => {
    const { store } = site();
    await store.emitEvent(EVENT);
    await store.emitEvent(EVENT);
    await store.emitEvent({ ...EVENT, message: 'operation 2' });
    expect(store.events().map(({ message, count }) => [message, count])).toEqual([
      ['operation 1', 2],
      ['operation 2', 1],
    ]);
  });

  it('refuses to fail a step less than once', () => {
    expect(() => site().store.failStep('kubelet', 'x', 0)).toThrow('times: got 0');
  });
});
