import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { text } from '../../../src/kubernetes/fields.ts';
import {
  type LeaseHolder,
  releaseControlPlaneLease,
  takeControlPlaneLease,
} from '../../../src/steps/launcher/control-plane-lease.ts';
import { launchSite, type LaunchSite } from './launch-site.ts';

const LEASE = {
  collection: '/apis/coordination.k8s.io/v1/leases',
  namespace: 'capi-refit-node',
  name: 'refit-control-plane',
};
const MACHINE = { collection: '/apis/cluster.x-k8s.io/v1beta2/machines', namespace: 'lab', name: 'cp-1' };
const NODE = { collection: '/api/v1/nodes', namespace: '', name: 'cp-1' };
let site: LaunchSite;
beforeEach(async () => {
  site = await launchSite();
  for (const name of ['cp-1', 'cp-2']) {
    site.server.data.create({ ...MACHINE, name }, {});
    site.server.data.create({ ...NODE, name }, { metadata: { uid: 'uid-1' } });
  }
});
afterEach(() => site.close());

const holder = (): string | undefined => text(site.server.data.get(LEASE), 'spec', 'holderIdentity');
const take = (operation: string, seconds = 60): Promise<void> =>
  takeControlPlaneLease(site.remote, named(operation), seconds);

function named(operation: string): LeaseHolder {
  const name = operation === 'op-1' ? 'cp-1' : 'cp-2';
  return { operation, namespace: 'lab', machine: name, node: { name, uid: 'uid-1' } };
}

async function expectHeld(by: string, operation: string): Promise<void> {
  const waiting = expect(take(operation, 30)).rejects.toThrow(`holder: got ${by}`);
  await site.pass(40);
  await waiting;
  expect(holder()).toBe(by);
}

describe('the Lease of the control plane', () => {
  it('is made when there is none, and is had again by the same operation', async () => {
    await take('op-1');
    expect(holder()).toBe('op-1');
    expect(text(site.server.data.get(LEASE), 'spec', 'acquireTime')).toBe('2026-01-01T00:00:00.000000Z');
    await take('op-1');
    expect(site.server.count('patch')).toBe(0);
  });

  it('goes to one of two that ask at once', async () => {
    const first = take('op-1', 5).then(() => 'op-1');
    const second = take('op-2', 5).then(() => 'op-2');
    const ends = Promise.allSettled([first, second]);
    await site.pass(20);
    const got = (await ends).map((end) => (end.status === 'fulfilled' ? end.value : undefined));
    expect(got.filter((value) => value !== undefined)).toEqual([holder()]);
  });

  it('is waited for, and taken once the holder released it', async () => {
    await take('op-1');
    const waiting = take('op-2');
    await site.pass(20);
    expect(holder()).toBe('op-1');
    await releaseControlPlaneLease(site.remote, 'op-1');
    await site.pass(6);
    await waiting;
    expect(holder()).toBe('op-2');
    expect(site.lines).toEqual([
      'waiting for Lease capi-refit-node/refit-control-plane: holder: got op-1',
      'Lease capi-refit-node/refit-control-plane released',
    ]);
  });

  it('is never taken over because of its age; the message says how to free it', async () => {
    await take('op-1');
    await site.clock.advance(1_000_000);
    const waiting = expect(take('op-2', 30)).rejects.toMatchObject({
      reason: 'Unavailable',
      message: expect.stringMatching(
        /holder: got op-1, expected op-2 or nobody\..* kubectl -n capi-refit-node delete lease refit-control-plane$/,
      ),
    });
    await site.pass(40);
    await waiting;
    expect(holder()).toBe('op-1');
  });

  it('is taken over when Machine and Node of its holder are gone', async () => {
    await take('op-1');
    site.server.data.delete(MACHINE);
    site.server.data.delete(NODE);
    await take('op-2');
    expect(holder()).toBe('op-2');
    expect(site.lines).toEqual([
      'op-1 disturbs nothing any more: Machine lab/cp-1 is gone, and its Node cp-1',
    ]);
    await expectHeld('op-2', 'op-1');
  });

  it('is taken over when another Node has the name of the one that is gone', async () => {
    await take('op-1');
    site.server.data.delete(MACHINE);
    site.server.data.delete(NODE);
    site.server.data.create(NODE, { metadata: { uid: 'another' } });
    await take('op-2');
    expect(holder()).toBe('op-2');
  });

  it.each<[string, () => unknown]>([
    ['its Node is there', () => site.server.data.delete(MACHINE)],
    ['its Machine is there', () => site.server.data.delete(NODE)],
    ['it does not say whose it is', () => site.server.data.patch(LEASE, { metadata: { annotations: null } })],
  ])('is not taken over when %s', async (_name, change) => {
    await take('op-1');
    change();
    await expectHeld('op-1', 'op-2');
  });

  it('is had again when somebody deleted it by hand', async () => {
    await take('op-1');
    site.server.data.delete(LEASE);
    await take('op-2');
    expect(holder()).toBe('op-2');
  });

  it('is taken with the version that was read: who was first stays', async () => {
    await take('op-1');
    await releaseControlPlaneLease(site.remote, 'op-1');
    const { workload } = site.remote;
    const slow = {
      ...site.remote,
      workload: {
        ...workload,
        mergePatch: async (path: string, body: object) => {
          site.server.data.patch(LEASE, { spec: { holderIdentity: 'op-3' } });
          return workload.mergePatch(path, body);
        },
      },
    };
    const waiting = expect(takeControlPlaneLease(slow, named('op-2'), 0)).rejects.toThrow('holder: got op-3');
    await site.pass(1);
    await waiting;
  });

  it.each([
    ['of another operation is left alone', 'op-2'],
    ['that is not there is released', undefined],
  ])('%s', async (_name, before) => {
    if (before !== undefined) await take(before);
    await releaseControlPlaneLease(site.remote, 'op-1');
    expect(holder()).toBe(before);
  });
});
