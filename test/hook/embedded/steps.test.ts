// Generated Workflows on simulated nodes.
import { describe, expect, it } from '@jest/globals';
import {
  PRE_DRAIN_HOOK_ANNOTATION,
  PROTECTED_SINCE_ANNOTATION,
  SKIP_REMEDIATION_ANNOTATION,
} from '../../../src/api/labels.ts';
import { readRecord } from '../../../src/api/operation.ts';
import { stepResultSchema } from '../../../src/api/step-result.ts';
import { FROM, HASH, messageOf, phases, secondsOf, site, TO } from './site.ts';

describe('a version upgrade', () => {
  it('of a control-plane machine changes every component and leaves the record', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('cp-0', 'control-plane');
    addMachine('cp-1', 'control-plane');
    const name = await submit('cp-0');
    await clock.advance(200);

    expect(workflow(name)).toMatchObject({ phase: 'Succeeded', machine: 'cp-0', stopping: false });
    expect(new Set(Object.values(phases(workflow(name))))).toEqual(new Set(['Succeeded']));
    expect(store.node('lab', 'cp-0')).toMatchObject({
      versions: {
        kubelet: TO,
        kubeadm: TO,
        containerd: '2.1.4',
        cni: '1.8.0',
        'kube-apiserver': TO,
        etcd: '3.6.8',
      },
      hash: HASH,
      cordoned: false,
    });
    expect(store.node('lab', 'cp-1')?.versions.kubelet).toBe(FROM);
    const machine = store.machine('lab', 'cp-0');
    expect(machine?.kubeletVersion).toBe(TO);
    expect(readRecord(machine?.annotations ?? {})).toMatchObject({
      state: 'succeeded',
      finishedAt: workflow(name).tasks.at(-1)?.finishedAt,
      node: { kubeletVersion: TO, ready: true },
    });
  });

  it('of a worker has no API server to change, and leaves a cordon of others alone', async () => {
    const { clock, store, addMachine, submit } = site();
    addMachine('cp-0', 'control-plane', { version: TO });
    addMachine('md-0', 'worker');
    const node = store.node('lab', 'md-0');
    if (node) node.cordoned = true;
    await submit('md-0');
    await clock.advance(200);
    expect(node).toMatchObject({ versions: { kubelet: TO, containerd: '2.1.4' }, cordoned: true });
    expect(node?.versions).not.toHaveProperty('etcd');
  });

  it('of a worker is refused while the API server is older', async () => {
    const { clock, addMachine, submit, workflow } = site();
    addMachine('cp-0', 'control-plane');
    addMachine('md-0', 'worker');
    const name = await submit('md-0');
    await clock.advance(200);
    expect(workflow(name).message).toBe(
      'step preflight: kubelet: got v1.34.3, expected at most the minor version of the API server, v1.33.7',
    );
  });

  it('protects the Machine only while it runs', async () => {
    const { clock, store, addMachine, submit } = site();
    addMachine('md-0', 'worker');
    const keys = [SKIP_REMEDIATION_ANNOTATION, PRE_DRAIN_HOOK_ANNOTATION, PROTECTED_SINCE_ANNOTATION];
    const held = () => keys.filter((key) => key in (store.machine('lab', 'md-0')?.annotations ?? {}));
    await submit('md-0');
    expect(held()).toEqual([]);
    await clock.advance(20);
    expect(held()).toEqual(keys);
    await clock.advance(180);
    expect(held()).toEqual([]);
  });

  it('does quiet steps in parallel and the flip in order, with tasks that attach', async () => {
    const { clock, addMachine, submit, workflow } = site();
    addMachine('md-0', 'worker');
    addMachine('md-1', 'worker');
    const name = await submit('md-0');
    await clock.advance(200);
    const view = workflow(name);
    for (const step of ['protect', 'backup', 'stage', 'prepull'] as const) {
      expect(secondsOf(view, step)).toEqual({ from: 0, to: 20 });
    }
    expect(secondsOf(view, 'drain')).toEqual({ from: 0, to: 30 });
    expect(secondsOf(view, 'containerd')).toEqual({ from: 0, to: 40 });
    expect(secondsOf(view, 'cni')).toEqual({ from: 0, to: 50 });
    expect(secondsOf(view, 'kubelet')).toEqual({ from: 0, to: 80 });
    expect(secondsOf(view, 'finish').to).toBe(110);
    expect(view.finish?.outputs).toEqual({ host: 'idle' });
  });

  it('reports each step with its result', async () => {
    const { clock, addMachine, submit, workflow } = site();
    addMachine('md-0', 'worker');
    const name = await submit('md-0');
    await clock.advance(200);
    const result = (step: string) =>
      stepResultSchema.parse(
        JSON.parse(workflow(name).tasks.find((task) => task.name === step)?.outputs['result'] ?? ''),
      );
    expect(result('kubelet')).toMatchObject({
      outcome: 'changed',
      operation: name,
      changes: [{ what: 'kubelet', from: FROM, to: TO }],
    });
    expect(result('preflight').outcome).toBe('unchanged');
  });
});

describe('other changes', () => {
  it('files only: configure has work, the versions stay', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('md-0', 'worker', { version: TO, hash: 'v1-before' });
    const name = await submit('md-0', undefined, { release: '' });
    await clock.advance(200);
    expect(workflow(name).phase).toBe('Succeeded');
    expect(workflow(name).tasks[0]?.outputs['work']).toBe('true');
    expect(store.node('lab', 'md-0')).toMatchObject({
      hash: HASH,
      versions: { kubelet: TO, containerd: '1.7.28' },
    });
  });

  it('nothing to do: drain and flip do nothing, the record is written', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('md-0', 'worker', { version: TO, hash: HASH });
    const name = await submit('md-0', undefined, { release: '' });
    await clock.advance(200);
    const idle = workflow(name).tasks.filter(({ outputs }) =>
      outputs['result']?.includes('nothing is to be done on the node'),
    );
    expect(idle.map((task) => task.name)).toEqual([
      ...['backup', 'prepull', 'drain', 'containerd', 'cni', 'kubeadm', 'configure', 'kubelet'],
    ]);
    expect(workflow(name).phase).toBe('Succeeded');
    // The node was handed this one step only.
    expect(secondsOf(workflow(name), 'verify')).toEqual({ from: 0, to: 30 });
    expect(readRecord(store.machine('lab', 'md-0')?.annotations ?? {})).toMatchObject({ state: 'succeeded' });
  });

  it('the only schedulable node of its Cluster is not drained', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('md-0', 'worker');
    store.addMachine({ namespace: 'lab', name: 'x-0', cluster: 'other', role: 'worker', version: FROM });
    const name = await submit('md-0');
    await clock.advance(25);
    expect(store.node('lab', 'md-0')?.cordoned).toBe(false);
    await clock.advance(175);
    expect(workflow(name).phase).toBe('Succeeded');
    expect(messageOf(workflow(name), 'drain')).toBe('no pod has to move away');
  });

  it('the node is cordoned only while it is worked on', async () => {
    const { clock, store, addMachine, submit } = site();
    addMachine('md-0', 'worker');
    addMachine('md-1', 'worker');
    await submit('md-0');
    await clock.advance(35);
    expect(store.node('lab', 'md-0')?.cordoned).toBe(true);
    await clock.advance(200);
    expect(store.node('lab', 'md-0')?.cordoned).toBe(false);
  });
});

describe('a failed step', () => {
  it('leaves the node as the earlier steps left it, and a retry ends what is left', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('md-0', 'worker');
    addMachine('md-1', 'worker');
    store.failStep('kubelet', 'did not become healthy');
    const name = await submit('md-0');
    await clock.advance(200);
    expect(workflow(name)).toMatchObject({
      phase: 'Failed',
      message: 'step kubelet: did not become healthy',
    });
    expect(phases(workflow(name))).toMatchObject({
      ...{
        configure: 'Succeeded',
        kubelet: 'Failed',
        verify: 'Failed',
        complete: 'Omitted',
      },
    });
    expect(workflow(name).finish).toMatchObject({ phase: 'Succeeded', outputs: { host: 'idle' } });
    const node = store.node('lab', 'md-0');
    expect(node).toMatchObject({ versions: { kubelet: FROM, kubeadm: TO }, cordoned: true });
    expect(readRecord(store.machine('lab', 'md-0')?.annotations ?? {})).toMatchObject({ state: 'running' });

    const second = await submit('md-0');
    await clock.advance(200);
    expect(second).not.toBe(name);
    expect(workflow(second).phase).toBe('Succeeded');
    expect(node).toMatchObject({ versions: { kubelet: TO }, cordoned: false });
  });

  it('a failure on the node ends the unit: later steps are not begun', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('md-0', 'worker');
    store.failStep('cni', 'no space');
    const name = await submit('md-0');
    await clock.advance(200);
    expect(workflow(name).message).toBe('step cni: no space');
    expect(workflow(name).tasks.find((task) => task.name === 'kubelet')).toMatchObject({
      phase: 'Failed',
      message: 'not begun: step cni failed on the node',
    });
    expect(store.node('lab', 'md-0')?.versions).toMatchObject({
      containerd: '2.1.4',
      cni: '1.7.1',
      kubeadm: FROM,
    });
  });

  it('a failure of a quiet step is one of what waits for it, and leaves the node alone', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('md-0', 'worker');
    store.failStep('backup', 'no space');
    const name = await submit('md-0');
    await clock.advance(200);
    expect(workflow(name).message).toBe('step backup: no space');
    expect(messageOf(workflow(name), 'drain')).toBe('not begun: step backup: no space');
    expect(phases(workflow(name))).toMatchObject({ containerd: 'Failed', complete: 'Omitted' });
    expect(store.node('lab', 'md-0')).toMatchObject({ versions: { kubelet: FROM }, cordoned: false });
  });

  it('fails as often as it was told to', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('md-0', 'worker');
    store.failStep('backup', 'no space', 2);
    const results: string[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const name = await submit('md-0');
      await clock.advance(200);
      results.push(workflow(name).phase);
    }
    expect(results).toEqual(['Failed', 'Failed', 'Succeeded']);
  });

  it('a plan file that is not the one that stage reported is refused', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('md-0', 'worker');
    const name = await submit('md-0');
    await clock.advance(25);
    store.node('lab', 'md-0')?.plans.set(name, 'b'.repeat(64));
    await clock.advance(200);
    expect(workflow(name).message).toMatch(/^step containerd: plan file: got b{64}, expected [0-9a-f]{64}$/);
  });
});
