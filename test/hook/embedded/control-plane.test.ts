// When a control plane is drained.
import { describe, expect, it } from '@jest/globals';
import { CONTROL_PLANE_STEPS, FROM, messageOf, phases, secondsOf, site, TO } from './site.ts';

describe('a control plane', () => {
  it('is drained behind kubeadm, while the node waits', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('cp-0', 'control-plane');
    addMachine('cp-1', 'control-plane');
    const name = await submit('cp-0', CONTROL_PLANE_STEPS, { release: '' });
    await clock.advance(25);
    expect(store.node('lab', 'cp-0')?.cordoned).toBe(false);
    await clock.advance(175);
    const view = workflow(name);
    expect(view.phase).toBe('Succeeded');
    expect(secondsOf(view, 'kubeadm')).toEqual({ from: 0, to: 30 });
    expect(secondsOf(view, 'drain')).toEqual({ from: 0, to: 40 });
    expect(secondsOf(view, 'kubelet')).toEqual({ from: 0, to: 60 });
    expect(store.node('lab', 'cp-0')?.cordoned).toBe(false);
  });

  it.each([
    ['first for a new containerd', FROM, '1.7.28', { from: 0, to: 30 }],
    ['behind kubeadm when containerd has no work', FROM, '2.1.4', { from: 0, to: 60 }],
  ])('is drained %s', async (_, version, containerd, at) => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('cp-0', 'control-plane', { version });
    addMachine('cp-1', 'control-plane');
    const node = store.node('lab', 'cp-0');
    if (node) node.versions.containerd = containerd;
    const before = ['preflight', 'protect', 'backup', 'stage', 'prepull'] as const;
    const list = [
      'containerd',
      'cni',
      'kubeadm',
      'drain',
      'configure',
      'kubelet',
      'verify',
      'complete',
    ] as const;
    const name = await submit('cp-0', [...before, ...list]);
    await clock.advance(200);
    expect(workflow(name).phase).toBe('Succeeded');
    expect(secondsOf(workflow(name), 'drain')).toEqual(at);
    expect(node).toMatchObject({ versions: { kubelet: TO, containerd: '2.1.4' }, cordoned: false });
  });

  it('that cannot be drained says why, begins nothing behind it, and a retry goes on from there', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('cp-0', 'control-plane');
    addMachine('cp-1', 'control-plane');
    store.failStep('drain', 'PodDisruptionBudget shop/web: 0 disruptions allowed');
    const name = await submit('cp-0', CONTROL_PLANE_STEPS, { release: '' });
    await clock.advance(200);
    expect(workflow(name).message).toBe('step drain: PodDisruptionBudget shop/web: 0 disruptions allowed');
    expect(phases(workflow(name))).toMatchObject({
      ...{
        kubeadm: 'Succeeded',
        drain: 'Failed',
        configure: 'Failed',
        verify: 'Failed',
        complete: 'Omitted',
      },
    });
    expect(messageOf(workflow(name), 'kubelet')).toBe('not begun: the operation was told to stop');
    const node = store.node('lab', 'cp-0');
    expect(node).toMatchObject({ versions: { kubeadm: TO, kubelet: FROM }, cordoned: false });
    const second = await submit('cp-0', CONTROL_PLANE_STEPS, { release: '' });
    await clock.advance(200);
    expect(workflow(second).phase).toBe('Succeeded');
    expect(node).toMatchObject({ versions: { kubelet: TO }, cordoned: false });
  });

  it('whose kubeadm fails is not drained for nothing', async () => {
    const { clock, store, addMachine, submit, workflow } = site();
    addMachine('cp-0', 'control-plane');
    addMachine('cp-1', 'control-plane');
    store.failStep('kubeadm', 'etcd: got no leader');
    const name = await submit('cp-0', CONTROL_PLANE_STEPS, { release: '' });
    await clock.advance(200);
    expect(workflow(name).message).toBe('step kubeadm: etcd: got no leader');
    expect(messageOf(workflow(name), 'drain')).toBe('not drained: step kubeadm failed');
    expect(store.node('lab', 'cp-0')).toMatchObject({ cordoned: false, cordonedByRefit: false });
  });
});
