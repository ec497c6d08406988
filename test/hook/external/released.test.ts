import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ExternalRecord } from '../../../src/api/external-record.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { controlPlane, FROM, machineDeployment } from '../../helpers/external.ts';
import { held } from '../../helpers/external-site.ts';
import {
  FALLBACK,
  ofControlPlane,
  ofWorkers,
  OwnerSite,
  PAUSED,
  requested,
} from '../../helpers/owner-site.ts';
import { edited, type Edit } from '../../helpers/requests.ts';

let site: OwnerSite;
beforeEach(async () => {
  site = new OwnerSite();
  await site.start();
});
afterEach(() => site.stop());

describe('the MachineSets of an owner that is given back with Machines that are not up to date', () => {
  const pausedSets = (): void => {
    for (const name of ['edge-md-1', 'edge-md-0']) {
      site.patch('MachineSet', name, {
        metadata: { annotations: { 'cluster.x-k8s.io/paused': 'capi-refit.io' } },
      });
    }
  };
  it.each<[string, Partial<ExternalRecord>]>([
    ['declined, after an upgrade before', { state: 'requested', workflow: undefined }],
    ['with its Workflow gone', { state: 'running' }],
    ['opted in after the failure', { state: 'failed' }],
  ])('are free before it: %s', async (_what, record) => {
    site.withWorkers(held(machineDeployment(FALLBACK, ['/spec/template/spec/version', 'v1.35.1']), record));
    pausedSets();
    await (await site.upgrades()).reconcile(ofWorkers);
    const [owner, ...sets] = site.written().reverse();
    expect(owner).toBe('machinedeployments/edge-md');
    expect(sets.sort()).toEqual(['machinesets/edge-md-0', 'machinesets/edge-md-1']);
    expect(site.annotation('MachineSet', 'edge-md-1', 'cluster.x-k8s.io/paused')).toBeUndefined();
    expect(site.pauseOf(ofWorkers)).toBeUndefined();
    expect(site.recordOf(ofWorkers)).toMatchObject({ state: 'failed' });
  });
});

it('a MachineDeployment that was set back is released after Cluster API saw its MachineSet', async () => {
  site.withWorkers(requested(machineDeployment(['/spec/template/spec/version', FROM])));
  site.patch('MachineSet', 'edge-md-1', {
    metadata: { annotations: { 'cluster.x-k8s.io/paused': 'capi-refit.io' } },
  });
  const { reconcile } = await site.upgrades();
  site.management.requests = [];
  await reconcile(ofWorkers);
  expect(site.recordOf(ofWorkers)).toMatchObject({ state: 'succeeded' });
  const asked = site.management.requests.map(
    ({ verb, path }) => `${verb} ${path.split('/').slice(-2).join('/')}`,
  );
  expect(asked.filter((one) => /machinesets\/edge-md-1|patch machinedeployments/.test(one))).toEqual([
    'patch machinesets/edge-md-1',
    'get machinesets/edge-md-1',
    'patch machinedeployments/edge-md',
  ]);
});

describe('an owner that is being deleted', () => {
  const FINALIZERS: Edit = ['/metadata/finalizers', ['example.com/hold']];
  const since = (seconds: number): Edit => [
    '/metadata/deletionTimestamp',
    new Date(Date.now() - seconds * 1000).toISOString(),
  ];

  it('is released, since Cluster API deletes nothing that is paused', async () => {
    site.withWorkers(held(machineDeployment(since(1), FINALIZERS), { state: 'declined' }));
    site.patch('MachineSet', 'edge-md-1', {
      metadata: { annotations: { 'cluster.x-k8s.io/paused': 'capi-refit.io' } },
    });
    await (await site.upgrades()).reconcile(ofWorkers);
    expect(site.pauseOf(ofWorkers)).toBeUndefined();
    expect(site.annotation('MachineSet', 'edge-md-1', 'cluster.x-k8s.io/paused')).toBeUndefined();
    expect(site.recordOf(ofWorkers)).toMatchObject({ state: 'failed', reason: 'it is being deleted' });
  });

  it.each([
    ['is held while its nodes are told to stop', 1, 'capi-refit.io'],
    ['is not held for longer than two minutes', 121, undefined],
  ])('%s', async (_what, seconds, pause) => {
    site.withControlPlane(requested(controlPlane(FINALIZERS)));
    const { reconcile } = await site.upgrades();
    await reconcile(ofControlPlane);
    const [, deletionTimestamp] = since(seconds);
    site.patch('KubeadmControlPlane', 'edge-cp', {
      metadata: { deletionTimestamp: deletionTimestamp ?? '' },
    });
    await reconcile(ofControlPlane);
    expect(site.pauseOf(ofControlPlane)).toBe(pause);
    if (pause !== undefined) expect(text(site.workflows()[0], 'spec', 'shutdown')).toBe('Stop');
  });

  it('that somebody else paused stays theirs', async () => {
    site.withControlPlane(
      edited(held(controlPlane(since(1), FINALIZERS), { state: 'declined' }), [PAUSED, 'me']),
    );
    await (await site.upgrades()).reconcile(ofControlPlane);
    expect(site.pauseOf(ofControlPlane)).toBe('me');
  });
});
