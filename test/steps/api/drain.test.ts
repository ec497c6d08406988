import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/api/json.ts';
import { CORDONED_BY_ANNOTATION } from '../../../src/api/labels.ts';
import { drain, limitSeconds } from '../../../src/steps/api/drain.ts';
import {
  budgetObject,
  machineObject,
  nodeObject,
  podObject,
  put,
  staticPod,
  type PodSample,
} from './samples.ts';
import { apiSite, BUDGETS, MACHINES, NODES, OPERATION, PODS, type ApiSite } from './site.ts';

const ATTACHMENTS = '/apis/storage.k8s.io/v1/volumeattachments';

let on: ApiSite;
beforeEach(async () => {
  on = await apiSite();
  put(on.management, MACHINES, machineObject());
  put(on.workload, NODES, nodeObject());
  put(on.workload, NODES, nodeObject({ name: 'node-2' }));
});
afterEach(() => on.end());

const putPod = (sample: PodSample): void => put(on.workload, PODS, podObject(sample));
const place = (name: string) => ({ collection: PODS, namespace: 'shop', name });
const podNames = (): unknown[] =>
  on.workload.data.list(PODS, '').map((pod) => (pod['metadata'] as JsonObject)['name']);
const isCordoned = (): boolean => (on.node()['spec'] as JsonObject)['unschedulable'] === true;
/** As the kubelet does when a pod has ended. */
const letGo = (name: string) => on.workload.data.patch(place(name), { metadata: { finalizers: null } });

describe('drain', () => {
  it('cordons the node and evicts what can go elsewhere, and nothing else', async () => {
    putPod({ name: 'web-1' });
    putPod({ name: 'web-2', node: 'node-2' });
    putPod({ name: 'done', phase: 'Succeeded' });
    putPod({ name: 'agent', owner: 'DaemonSet' });
    putPod({ name: 'step', namespace: 'capi-refit-node', owner: 'Job' });
    put(on.workload, PODS, staticPod('etcd', 'v1.33.7'));
    await expect(on.run(drain)).resolves.toEqual({
      message: 'cordoned; 1 pods moved away',
      changes: [
        { what: 'unschedulable', to: 'true' },
        { what: 'pods', from: '1', to: '0' },
      ],
    });
    expect(on.workload.evictions).toEqual(['shop/web-1']);
    expect(podNames()).not.toContain('web-1');
    expect(on.node()).toMatchObject({
      metadata: { annotations: { [CORDONED_BY_ANNOTATION]: OPERATION } },
      spec: { unschedulable: true },
    });
  });

  it('waits for pods to end, and asks each once only', async () => {
    putPod({ name: 'web-1', slow: true });
    on.later(22, () => letGo('web-1'));
    await expect(on.run(drain)).resolves.toMatchObject({ message: 'cordoned; 1 pods moved away' });
    expect(on.workload.evictions).toEqual(['shop/web-1']);
    expect(on.clock.monotonic()).toBe(22);
  });

  it('waits for a PodDisruptionBudget, and names it and the pod', async () => {
    putPod({ name: 'web-1', labels: { app: 'web' } });
    put(on.workload, BUDGETS, budgetObject({ name: 'web', app: 'web', allowed: 0 }));
    on.later(12, () => {
      on.workload.data.patch(
        { collection: BUDGETS, namespace: 'shop', name: 'web' },
        { status: { disruptionsAllowed: 1 } },
      );
    });
    await expect(on.run(drain)).resolves.toMatchObject({ message: 'cordoned; 1 pods moved away' });
    expect(on.workload.evictions).toHaveLength(7);
    expect(on.log[0]).toBe(
      'waiting for 1: pod shop/web-1: PodDisruptionBudget shop/web: 0 disruptions allowed, 2 pods healthy, 2 needed',
    );
    expect(on.log.filter((line) => line.includes('0 disruptions'))).toHaveLength(1);
  });

  it('gives up in time, says what blocks, and takes its cordon away', async () => {
    putPod({ name: 'web-1', labels: { app: 'web' } });
    put(on.workload, BUDGETS, budgetObject({ name: 'web', app: 'web', allowed: 0 }));
    await expect(on.run(drain)).rejects.toMatchObject({
      reason: 'Failed',
      message:
        'Node node-1: not drained in 60 s: pod shop/web-1: PodDisruptionBudget shop/web: ' +
        '0 disruptions allowed, 2 pods healthy, 2 needed; uncordoned again',
    });
    expect(isCordoned()).toBe(false);
    expect(on.node()).not.toHaveProperty(['metadata', 'annotations', CORDONED_BY_ANNOTATION]);
    expect(podNames()).toEqual(['web-1']);
  });

  it.each<[string, (site: ApiSite) => void, string]>([
    ['a webhook refuses', (site) => (site.workload.refusal = 'the database is busy'), 'the database is busy'],
    [
      'a pod does not end',
      (site) => site.workload.data.patch(place('web-1'), { metadata: { finalizers: ['x'] } }),
      'pod shop/web-1: ending',
    ],
  ])('gives up when %s', async (_, prepare, message) => {
    putPod({ name: 'web-1' });
    prepare(on);
    await expect(on.run(drain)).rejects.toMatchObject({ message: expect.stringContaining(message) });
  });

  it('leaves a pod that came to another node under the same name', async () => {
    putPod({ name: 'db-0' });
    on.workload.meanwhile = () => {
      on.workload.data.patch(place('db-0'), { metadata: { uid: 'another' }, spec: { nodeName: 'node-2' } });
    };
    await on.run(drain);
    expect(podNames()).toEqual(['db-0']);
  });

  it('counts the pods that it does not name', async () => {
    for (let index = 1; index <= 7; index += 1) putPod({ name: `web-${index}`, slow: true });
    await expect(on.run(drain)).rejects.toMatchObject({
      message: expect.stringMatching(/shop\/web-5: .*; and 2 more; uncordoned/),
    });
  });

  it('reads the pods of large nodes page by page', async () => {
    for (let index = 0; index < 250; index += 1) putPod({ name: `far-${index}`, node: 'node-2' });
    putPod({ name: 'web-1' });
    await on.run(drain);
    expect(podNames()).not.toContain('web-1');
    expect(on.workload.podPages).toBe(6);
  });
});

describe('drain by force', () => {
  const flags = { drainForce: true };

  it('deletes what is left at the deadline, not before', async () => {
    putPod({ name: 'web-1', labels: { app: 'web' } });
    put(on.workload, BUDGETS, budgetObject({ name: 'web', app: 'web', allowed: 0 }));
    await expect(on.run(drain, { flags })).resolves.toMatchObject({
      message: 'cordoned; 1 pods moved away; some of them by force',
    });
    expect(on.clock.monotonic()).toBe(62);
    expect(on.log.at(-2)).toMatch(/^not evicted in time, deleted now as the policy says: pod shop\/web-1/);
    const deleted = on.workload.requests.filter(({ verb }) => verb === 'delete');
    expect(deleted).toMatchObject([
      { body: { gracePeriodSeconds: 30, preconditions: { uid: 'uid-of-web-1' } } },
    ]);
  });

  it('fails when a pod does not end even so', async () => {
    putPod({ name: 'web-1', slow: true });
    await expect(on.run(drain, { flags })).rejects.toMatchObject({
      message: expect.stringContaining('pod shop/web-1'),
    });
    expect(on.clock.monotonic()).toBe(120);
  });
});

describe('volumes', () => {
  const attach = (volume: string, node = 'node-1') =>
    put(on.workload, ATTACHMENTS, {
      metadata: { name: `csi-${volume}` },
      spec: { nodeName: node, source: { persistentVolumeName: volume } },
    });
  const detach = (volume: string) =>
    on.workload.data.delete({ collection: ATTACHMENTS, namespace: '', name: `csi-${volume}` });
  const claim = (name: string, volumeName: string) =>
    put(on.workload, '/api/v1/persistentvolumeclaims', {
      metadata: { namespace: 'shop', name },
      spec: { volumeName },
    });

  it('must leave the node with their pods', async () => {
    putPod({ name: 'db-0', volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] });
    claim('data', 'pv-1');
    attach('pv-1');
    attach('pv-2', 'node-2');
    on.later(17, () => detach('pv-1'));
    await expect(on.run(drain)).resolves.toMatchObject({ message: 'cordoned; 1 pods moved away' });
    expect(on.log).toContain('waiting for 1: volume pv-1 still attached (VolumeAttachment csi-pv-1)');
    expect(on.clock.monotonic()).toBe(18);
    expect(on.workload.count('list', 'volumeattachments')).toBe(1);
  });

  it('of finished pods must leave too', async () => {
    putPod({
      name: 'done',
      phase: 'Succeeded',
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    });
    claim('data', 'pv-1');
    attach('pv-1');
    await expect(on.run(drain)).rejects.toMatchObject({ message: expect.stringContaining('volume pv-1') });
  });

  it('stay with the pods that stay', async () => {
    putPod({
      name: 'agent',
      owner: 'DaemonSet',
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
        { name: 'own', ephemeral: { volumeClaimTemplate: {} } },
      ],
    });
    claim('data', 'pv-1');
    claim('agent-own', 'pv-2');
    attach('pv-1');
    attach('pv-2');
    await expect(on.run(drain)).resolves.toMatchObject({ message: 'cordoned; 0 pods moved away' });
  });

  it('that do not leave in time fail the drain', async () => {
    attach('pv-1');
    await expect(on.run(drain)).rejects.toMatchObject({
      message: expect.stringContaining('drained, but not in 60 s: volume pv-1 still attached'),
    });
    expect(isCordoned()).toBe(false);
  });

  it('that do not leave in time are only told when the drain is forced', async () => {
    attach('pv-1');
    await expect(on.run(drain, { flags: { drainForce: true } })).resolves.toMatchObject({
      message: 'cordoned; 0 pods moved away; volume pv-1 still attached (VolumeAttachment csi-pv-1)',
    });
  });
});

describe('the time of a drain', () => {
  it.each<[string, JsonObject, number]>([
    ['is that of the policy', {}, 1200],
    ['is that of the Machine when it is shorter', { deletion: { nodeDrainTimeoutSeconds: 30 } }, 30],
    ['is never longer than the step', { deletion: { nodeDrainTimeoutSeconds: 7200 } }, 1200],
    ['has no bound of the Machine at 0', { deletion: { nodeDrainTimeoutSeconds: 0 } }, 1200],
  ])('%s', (_, spec, seconds) => {
    expect(limitSeconds({ machine: machineObject({ spec }), timeoutSeconds: 1200 })).toBe(seconds);
  });
});
