import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { text } from '../../../src/kubernetes/fields.ts';
import {
  releaseControlPlaneLease,
  takeControlPlaneLease,
} from '../../../src/steps/launcher/control-plane-lease.ts';
import { launchSite, type LaunchSite } from './launch-site.ts';

const LEASE = {
  collection: '/apis/coordination.k8s.io/v1/leases',
  namespace: 'capi-refit-node',
  name: 'refit-control-plane',
};
let site: LaunchSite;
beforeEach(async () => {
  site = await launchSite();
});
afterEach(() => site.close());

const holder = (): string | undefined => text(site.server.data.get(LEASE), 'spec', 'holderIdentity');
const take = (operation: string, seconds = 60): Promise<void> =>
  takeControlPlaneLease(site.remote, operation, seconds);

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
    const waiting = expect(takeControlPlaneLease(slow, 'op-2', 0)).rejects.toThrow('holder: got op-3');
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
