// Generated Workflows that are stopped, wait for each other, or are deleted.
import { describe, expect, it } from '@jest/globals';
import { readRecord } from '../../../src/api/operation.ts';
import { FROM, phases, secondsOf, site, TO } from './site.ts';

describe('stop', () => {
  it('in the flip ends the node at the next safe boundary, and the exit handler runs', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('md-0', 'worker');
    const name = await submit('md-0');
    // containerd 30-40, cni 40-50, kubeadm 50-60
    await clock.advance(55);
    await store.stopWorkflow('lab', name);
    await clock.advance(200);
    expect(workflow(name)).toMatchObject({
      phase: 'Failed',
      stopping: true,
      message: "Stopped with strategy 'Stop'",
      finish: { phase: 'Succeeded', outputs: { host: 'idle' } },
    });
    expect(phases(workflow(name))).toMatchObject({
      kubeadm: 'Succeeded',
      kubelet: 'Failed',
      complete: 'Omitted',
    });
    expect(store.node('lab', 'md-0')?.versions).toMatchObject({ kubeadm: TO, kubelet: FROM });
  });

  it('in the quiet group lets the running steps end and begins nothing more', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('md-0', 'worker');
    const name = await submit('md-0');
    await clock.advance(15);
    await store.stopWorkflow('lab', name);
    await clock.advance(200);
    expect(phases(workflow(name))).toMatchObject({
      stage: 'Succeeded',
      containerd: 'Failed',
      verify: 'Failed',
      complete: 'Omitted',
    });
    expect(store.node('lab', 'md-0')?.versions.kubelet).toBe(FROM);
  });
});

it('the exit handler ends what the node still does, and says idle only then', async () => {
  const { clock, store, addMachine, submit, workflow } = site();
  addMachine('md-0', 'worker');
  const object = store.workflowObject('lab', await submit('md-0'));
  if (!object) throw new Error('no Workflow');
  store.removeWorkflow('lab', object.metadata.name ?? '');
  // Without the tasks that attach, the DAG is over at 30 while the node works on.
  const dag = object.spec.templates?.[0]?.dag;
  if (dag)
    dag.tasks = dag.tasks.slice(
      0,
      dag.tasks.findIndex(({ name }) => name === 'cni'),
    );
  await store.createWorkflow(object);
  await clock.advance(200);
  const view = workflow(object.metadata.name ?? '');
  expect(secondsOf(view, 'finish')).toEqual({ from: 30, to: 50 });
  expect(view.finish?.outputs).toEqual({ host: 'idle' });
  expect(store.node('lab', 'md-0')?.versions).toMatchObject({ cni: '1.8.0', kubeadm: FROM });
});

describe('two operations on one node', () => {
  /** Both have their plans at 20 and want to hand them over; the node works for the first until 80. */
  async function two() {
    const { clock, store, cluster, addMachine, submit, workflow } = site();
    addMachine('md-0', 'worker');
    const first = await submit('md-0');
    const second = await submit('md-0', undefined, { kubernetes: 'v1.34.4', release: '' });
    await store.limitWorkers(cluster, 2);
    await clock.advance(50);
    return { clock, store, workflow, first, second };
  }

  it('do not work on it at the same time', async () => {
    const { clock, store, workflow, first, second } = await two();
    await clock.advance(300);
    expect(secondsOf(workflow(first), 'verify').to).toBe(80);
    expect(secondsOf(workflow(second), 'containerd')).toEqual({ from: 0, to: 90 });
    expect(store.node('lab', 'md-0')?.versions.kubelet).toBe('v1.34.4');
  });

  it.each(['stopped', 'deleted'])('the one that waits does not begin when it is %s', async (how) => {
    const { clock, store, workflow, first, second } = await two();
    if (how === 'stopped') await store.stopWorkflow('lab', second);
    else store.removeWorkflow('lab', second);
    await clock.advance(300);
    // What the first began on the node is ended.
    expect(workflow(first).tasks.find(({ name }) => name === 'kubelet')?.phase).toBe('Succeeded');
    expect(store.node('lab', 'md-0')?.versions.kubelet).toBe(TO);
  });
});

describe('machines of one Cluster', () => {
  it('two of the control plane run one after the other', async () => {
    const { clock, addMachine, submit, workflow } = site();
    addMachine('cp-0', 'control-plane');
    addMachine('cp-1', 'control-plane');
    const [first, second] = [await submit('cp-0'), await submit('cp-1')];
    await clock.advance(50);
    expect(workflow(second)).toMatchObject({
      phase: 'Pending',
      message: 'waiting for lab/Mutex/edge-control-plane',
    });
    await clock.advance(400);
    expect(workflow(second).phase).toBe('Succeeded');
    expect(secondsOf(workflow(second), 'preflight').from).toBe(secondsOf(workflow(first), 'finish').to);
  });

  it('a waiting one that is stopped ends without touching its node', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('cp-0', 'control-plane');
    addMachine('cp-1', 'control-plane');
    await submit('cp-0');
    const second = await submit('cp-1');
    await store.stopWorkflow('lab', second);
    await clock.advance(50);
    expect(workflow(second)).toMatchObject({ phase: 'Failed', finish: { outputs: { host: 'idle' } } });
    expect(phases(workflow(second))).toMatchObject({ preflight: 'Failed', protect: 'Failed' });
  });

  it('as many workers run as the limit says', async () => {
    const { clock, store, cluster, addMachine, submit, workflow } = site();
    for (const name of ['md-0', 'md-1', 'md-2']) addMachine(name, 'worker');
    const names = [await submit('md-0'), await submit('md-1'), await submit('md-2')];
    const running = () => names.map((name) => workflow(name).phase);
    expect(running()).toEqual(['Running', 'Pending', 'Pending']);
    await store.limitWorkers(cluster, 2);
    await clock.settle();
    expect(running()).toEqual(['Running', 'Running', 'Pending']);
    await clock.advance(500);
    expect(running()).toEqual(['Succeeded', 'Succeeded', 'Succeeded']);
  });
});

describe('a Workflow deleted by hand', () => {
  it('leaves the node to finish on its own, and no record', async () => {
    const { clock, store, addMachine, submit } = site();
    addMachine('md-0', 'worker');
    const name = await submit('md-0');
    await clock.advance(35);
    store.removeWorkflow('lab', name);
    expect(store.workflow('lab', name)).toBeUndefined();
    await clock.advance(200);
    expect(store.machine('lab', 'md-0')?.kubeletVersion).toBe(TO);
    expect(readRecord(store.machine('lab', 'md-0')?.annotations ?? {})).toMatchObject({ state: 'running' });
  });

  it('lets a new operation begin on the node only when the old one has ended there', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('md-0', 'worker');
    // The node's list takes 20-80.
    const name = await submit('md-0');
    await clock.advance(35);
    store.removeWorkflow('lab', name);
    const second = await submit('md-0');
    await clock.advance(300);
    expect(secondsOf(workflow(second), 'preflight')).toEqual({ from: 35, to: 90 });
    expect(workflow(second).phase).toBe('Succeeded');
  });

  it('gives its lock to the next at once', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('cp-0', 'control-plane');
    addMachine('cp-1', 'control-plane');
    const [first, second] = [await submit('cp-0'), await submit('cp-1')];
    store.removeWorkflow('lab', first);
    await clock.settle();
    expect(workflow(second).phase).toBe('Running');
  });

  it('may be created again under its name', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('cp-0', 'control-plane');
    addMachine('cp-1', 'control-plane');
    const name = await submit('cp-0');
    const object = store.workflowObject('lab', name);
    store.removeWorkflow('lab', name);
    if (object) expect(await store.createWorkflow(object)).toBe('created');
    const waiting = await submit('cp-1');
    await clock.advance(5);
    expect(workflow(waiting).phase).toBe('Pending');
    await clock.advance(400);
    expect([workflow(name).phase, workflow(waiting).phase]).toEqual(['Succeeded', 'Succeeded']);
  });
});

it('a Machine whose name is used again is not the one that the Workflow is about', async () => {
  const { clock, store, addMachine, submit, workflow } = site();
  addMachine('md-0', 'worker');
  const name = await submit('md-0');
  addMachine('md-0', 'worker');
  await clock.advance(200);
  expect(workflow(name)).toMatchObject({ phase: 'Failed', message: expect.stringContaining('not found') });
  expect(store.node('lab', 'md-0')?.versions.kubelet).toBe(FROM);
});
