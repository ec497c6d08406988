import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CONTROL_PLANE_LABEL, CORDONED_BY_ANNOTATION } from '../../../src/api/labels.ts';
import { at } from '../../../src/kubernetes/fields.ts';
import { afterVerify } from '../../../src/steps/api/verify.ts';
import { machineObject, nodeObject, put, staticPod } from './samples.ts';
import { apiSite, MACHINES, nodeReport, NODES, PODS, type ApiSite } from './site.ts';

const NODE_PLACE = { collection: NODES, namespace: '', name: 'node-1' };
const LEASE = {
  collection: '/apis/coordination.k8s.io/v1/leases',
  namespace: 'kube-node-lease',
  name: 'node-1',
};
const COMPONENTS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'etcd'];
const REPORT = nodeReport({}, 'verified');

let on: ApiSite;
beforeEach(async () => {
  on = await apiSite();
});
afterEach(() => on.end());

const setVersion = (version: string) =>
  on.workload.data.patch(NODE_PLACE, { status: { nodeInfo: { kubeletVersion: version } } });

function given(role: 'worker' | 'control-plane', version = 'v1.34.3'): void {
  put(
    on.management,
    MACHINES,
    machineObject({ labels: role === 'worker' ? {} : { [CONTROL_PLANE_LABEL]: '' } }),
  );
  put(on.workload, NODES, nodeObject({ version }));
  on.workload.data.create(LEASE, {
    metadata: { name: LEASE.name },
    spec: { renewTime: '2026-01-01T00:00:05.000000Z' },
  });
  if (role === 'worker') return;
  for (const component of COMPONENTS) put(on.workload, PODS, staticPod(component, 'v1.34.3'));
}

describe('verify of a worker', () => {
  it('is done when the Node shows it', async () => {
    given('worker');
    await expect(on.run(afterVerify, { report: REPORT })).resolves.toEqual({
      message: 'verified; the Node reports v1.34.3 and Ready',
      changes: [],
    });
    expect(on.clock.monotonic()).toBe(0);
  });

  it('waits for the Node', async () => {
    given('worker', 'v1.33.7');
    on.later(13, () => setVersion('v1.34.3'));
    await on.run(afterVerify, { report: REPORT });
    expect(on.clock.monotonic()).toBe(14);
  });

  it('wants a sign of life since the node began to verify itself', async () => {
    given('worker');
    on.workload.data.delete(LEASE);
    await expect(on.run(afterVerify, { report: REPORT })).rejects.toMatchObject({
      message:
        'Node node-1: heartbeat: got 2025-12-31T23:00:00Z, expected one after 2026-01-01T00:00:00.000Z',
    });
  });

  it('wants the containerd that the node was brought', async () => {
    given('worker');
    await expect(on.run(afterVerify, { report: nodeReport({ containerd: '2.2.0' }) })).rejects.toMatchObject({
      message: expect.stringContaining('expected containerd://2.2.0'),
    });
  });

  describe('of a Node that Refit cordoned', () => {
    const isCordoned = (): boolean => at(on.node(), 'spec', 'unschedulable') === true;
    beforeEach(() => {
      given('worker');
      const annotations = { [CORDONED_BY_ANNOTATION]: 'an-earlier-operation' };
      on.workload.data.patch(NODE_PLACE, { metadata: { annotations }, spec: { unschedulable: true } });
    });

    it('takes the cordon away at once, whichever operation set it', async () => {
      await expect(on.run(afterVerify, { report: REPORT, flags: { operation: 3 } })).resolves.toEqual({
        message: 'verified; the Node reports v1.34.3 and Ready; uncordoned',
        changes: [{ what: 'unschedulable', from: 'true' }],
      });
      expect(isCordoned()).toBe(false);
      expect(on.clock.monotonic()).toBe(0);
    });

    it('leaves it when the Node is not as it should be', async () => {
      setVersion('v1.33.7');
      await expect(on.run(afterVerify, { report: REPORT, flags: { operation: 3 } })).rejects.toMatchObject({
        reason: 'Failed',
      });
      expect(isCordoned()).toBe(true);
    });

    it('leaves it by hand', async () => {
      const { message } = await on.run(afterVerify, { report: REPORT, flags: { operation: undefined } });
      expect(message).not.toContain('uncordoned');
      expect(isCordoned()).toBe(true);
    });

    it('leaves one that somebody else set', async () => {
      on.workload.data.patch(NODE_PLACE, { metadata: { annotations: { [CORDONED_BY_ANNOTATION]: null } } });
      await on.run(afterVerify, { report: REPORT, flags: { operation: 3 } });
      expect(isCordoned()).toBe(true);
    });
  });

  it('names what is wrong when the time is over', async () => {
    given('worker', 'v1.33.7');
    await expect(on.run(afterVerify, { report: REPORT })).rejects.toMatchObject({
      reason: 'Failed',
      message: 'Node node-1: kubelet: got v1.33.7, expected v1.34.3',
    });
    expect(on.clock.monotonic()).toBe(60);
  });

  it('rides out an API server that is away, but does not call that a failure of the node', async () => {
    given('worker');
    on.workload.failNext(5, 503, 'get');
    await on.run(afterVerify, { report: REPORT });
    expect(on.clock.monotonic()).toBe(10);
    on.workload.failNext(1000, 'cut', 'get');
    await expect(on.run(afterVerify, { report: REPORT })).rejects.toMatchObject({ reason: 'Unavailable' });
  });
});

describe('verify of a control-plane node', () => {
  it('watches its static pods for 10 s', async () => {
    given('control-plane');
    await on.run(afterVerify, { report: REPORT });
    expect(on.clock.monotonic()).toBe(10);
  });

  it('begins to count anew when one restarts', async () => {
    given('control-plane');
    on.later(7, () => {
      on.workload.data.patch(
        { collection: PODS, namespace: 'kube-system', name: 'etcd-node-1' },
        { status: { containerStatuses: [{ name: 'main', restartCount: 1 }] } },
      );
    });
    await on.run(afterVerify, { report: REPORT });
    expect(on.clock.monotonic()).toBe(18);
  });

  it('fails when they restart for ever', async () => {
    given('control-plane');
    for (let second = 5; second < 70; second += 5) {
      on.later(second, () => {
        on.workload.data.patch(
          { collection: PODS, namespace: 'kube-system', name: 'etcd-node-1' },
          { status: { containerStatuses: [{ name: 'main', restartCount: second }] } },
        );
      });
    }
    await expect(on.run(afterVerify, { report: REPORT })).rejects.toMatchObject({
      message: expect.stringMatching(/^Node node-1: static pods: got \d s without a restart, expected 10$/),
    });
  });

  it('fails when one is still the old one', async () => {
    given('control-plane');
    on.workload.data.patch(
      { collection: PODS, namespace: 'kube-system', name: 'kube-scheduler-node-1' },
      { spec: { containers: [{ name: 'main', image: 'registry.k8s.io/kube-scheduler:v1.33.7' }] } },
    );
    await expect(on.run(afterVerify, { report: REPORT })).rejects.toMatchObject({
      message: 'Node node-1: kube-scheduler: got v1.33.7, expected v1.34.3',
    });
  });

  it('looks at the pods of this node only', async () => {
    given('control-plane');
    for (const component of COMPONENTS)
      put(on.workload, PODS, staticPod(component, 'v1.33.7', { node: 'cp-2' }));
    await on.run(afterVerify, { report: REPORT });
  });
});
