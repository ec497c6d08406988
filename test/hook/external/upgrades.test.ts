import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/api/json.ts';
import { createUpgrades } from '../../../src/hook/external/upgrades.ts';
import { eventually } from '../../helpers/eventually.ts';
import { text, texts } from '../../../src/kubernetes/fields.ts';
import { controlPlane, FROM, machineDeployment, TO } from '../../helpers/external.ts';
import { held } from '../../helpers/external-site.ts';
import {
  FALLBACK,
  ofControlPlane,
  ofWorkers,
  OwnerSite,
  PAUSED,
  RECORD,
  requested,
} from '../../helpers/owner-site.ts';
import { edited, type Edit } from '../../helpers/requests.ts';

let site: OwnerSite;
beforeEach(async () => {
  site = new OwnerSite();
  await site.start();
});
afterEach(() => site.stop());

function annotationsOf(object: JsonObject): JsonObject {
  return { metadata: { annotations: { ...texts(object, 'metadata', 'annotations') } } };
}

describe('an owner that the webhook paused', () => {
  it('gets one Workflow, however often it is looked at', async () => {
    site.withControlPlane(requested(controlPlane()));
    const { reconcile } = await site.upgrades();
    await reconcile(ofControlPlane);
    await reconcile(ofControlPlane);
    expect(site.workflows()).toHaveLength(1);
    const name = text(site.workflows()[0], 'metadata', 'name');
    expect(site.recordOf(ofControlPlane)).toMatchObject({
      number: 1,
      state: 'running',
      to: TO,
      workflow: name,
    });
    expect(site.pauseOf(ofControlPlane)).toBe('capi-refit.io');
    expect(site.told).toEqual([`ExternalUpgradeStarted upgrade 1 to ${TO}: cp-a`]);
  });

  it('that two servers look at gets one Workflow', async () => {
    site.withControlPlane(requested(controlPlane()));
    const { reconcile } = await site.upgrades();
    const other = await site.upgrades();
    await Promise.allSettled([reconcile(ofControlPlane), other.reconcile(ofControlPlane)]);
    expect(site.workflows()).toHaveLength(1);
    expect(site.recordOf(ofControlPlane)).toMatchObject({ state: 'running' });
  });

  it('limits the workers of its Cluster', async () => {
    site.withControlPlane(controlPlane());
    site.patch('Machine', 'cp-a', { status: { nodeInfo: { kubeletVersion: TO } } });
    site.withWorkers(requested(machineDeployment()));
    const { reconcile } = await site.upgrades();
    await reconcile(ofWorkers);
    expect(site.workflows()).toHaveLength(1);
    const limits = site.management.data.list('/api/v1/configmaps', 'site');
    expect(limits.map((one) => text(one, 'metadata', 'name'))).toEqual(['edge-refit-concurrency']);
  });

  it('that is declined stays paused, and says why and what to do', async () => {
    site.withControlPlane(requested(controlPlane(['/spec/version', 'v1.35.1'])));
    const { reconcile } = await site.upgrades();
    await reconcile(ofControlPlane);
    expect(site.workflows()).toEqual([]);
    expect(site.recordOf(ofControlPlane)).toMatchObject({
      state: 'declined',
      reason: expect.stringContaining('skips a minor version'),
    });
    expect(site.pauseOf(ofControlPlane)).toBe('capi-refit.io');
    expect(site.told[0]).toContain('It stays paused: set it back');
    const { version } = site.management.data;
    await reconcile(ofControlPlane);
    expect(site.management.data.version).toBe(version);
  });

  it('that is declined goes to Cluster API where that was opted in', async () => {
    const owner = requested(
      controlPlane(
        ['/spec/version', 'v1.35.1'],
        ['/metadata/annotations/capi-refit.io~1fallback', 'rolling'],
      ),
    );
    site.withControlPlane(owner);
    await (await site.upgrades()).reconcile(ofControlPlane);
    expect(site.pauseOf(ofControlPlane)).toBeUndefined();
    expect(site.recordOf(ofControlPlane)).toMatchObject({ state: 'failed' });
  });

  it('that was declined starts when what was in the way is gone', async () => {
    site.withControlPlane(controlPlane());
    site.withWorkers(requested(machineDeployment()));
    const { reconcile, store } = await site.upgrades();
    await reconcile(ofWorkers);
    expect(site.recordOf(ofWorkers)).toMatchObject({
      state: 'declined',
      reason: expect.stringContaining('upgrade that first'),
    });
    site.patch('Machine', 'cp-a', { status: { nodeInfo: { kubeletVersion: TO } } });
    await eventually('control plane seen', () => store.machine('site', 'cp-a')?.kubeletVersion === TO);
    await reconcile(ofWorkers);
    expect(site.recordOf(ofWorkers)).toMatchObject({ state: 'running' });
  });

  it('that was set back is released', async () => {
    site.withControlPlane(
      requested(
        controlPlane(
          ['/spec/version', FROM],
          [
            '/spec/kubeadmConfigSpec/clusterConfiguration/featureGates',
            { ControlPlaneKubeletLocalMode: false },
          ],
        ),
      ),
    );
    site.patch('KubeadmConfig', 'cp-a', {
      spec: { clusterConfiguration: { featureGates: { ControlPlaneKubeletLocalMode: false } } },
    });
    await (await site.upgrades()).reconcile(ofControlPlane);
    expect(site.workflows()).toEqual([]);
    expect(site.pauseOf(ofControlPlane)).toBeUndefined();
    expect(site.recordOf(ofControlPlane)).toMatchObject({ state: 'succeeded' });
  });

  it('whose Workflow was deleted ends, and stays paused', async () => {
    site.withControlPlane();
    await (await site.upgrades()).reconcile(ofControlPlane);
    expect(site.recordOf(ofControlPlane)).toMatchObject({
      state: 'failed',
      reason: 'Workflow refit-edge-1 was deleted before it ended',
    });
    expect(site.pauseOf(ofControlPlane)).toBe('capi-refit.io');
  });

  it('that failed begins anew when somebody asks for it', async () => {
    const owner = edited(held(controlPlane(), { state: 'failed' }), [
      '/metadata/annotations/capi-refit.io~1retry',
      '',
    ]);
    site.withControlPlane(owner);
    const { reconcile } = await site.upgrades();
    await reconcile(ofControlPlane);
    await reconcile(ofControlPlane);
    expect(site.recordOf(ofControlPlane)).toMatchObject({ number: 2, state: 'running' });
    expect(site.annotation('KubeadmControlPlane', 'edge-cp', 'capi-refit.io/retry')).toBeUndefined();
  });

  it.each<[string, Edit]>([
    ['paused by somebody else', [PAUSED, 'me']],
    ['that was taken from Refit', ['/metadata/labels/capi-refit.io~1strategy', undefined]],
    ['without a record', [RECORD, undefined]],
  ])('%s is not touched', async (_what, edit) => {
    site.withControlPlane(edited(requested(controlPlane()), edit));
    const { version } = site.management.data;
    await (await site.upgrades()).reconcile(ofControlPlane);
    expect(site.management.data.version).toBe(version);
  });

  it('whose Cluster overrides the policy with something bad is told so', async () => {
    site.withControlPlane(requested(controlPlane()));
    site.patch('Cluster', 'edge', {
      metadata: { annotations: { 'capi-refit.io/policy': 'drain: perhaps' } },
    });
    await (await site.upgrades()).reconcile(ofControlPlane);
    expect(site.recordOf(ofControlPlane)).toMatchObject({
      state: 'declined',
      reason: expect.stringContaining('annotation capi-refit.io/policy.drain: got "perhaps"'),
    });
  });

  it('whose record is unreadable is told so, and not changed', async () => {
    site.withControlPlane(edited(requested(controlPlane()), [RECORD, '{']));
    const { version } = site.management.data;
    await (await site.upgrades()).reconcile(ofControlPlane);
    expect(site.management.data.version).toBe(version);
    expect(site.told[0]).toContain('its record is unreadable');
  });

  it('whose number is taken, since its record was removed once, gets the next one', async () => {
    site.withControlPlane(requested(controlPlane()));
    const { reconcile } = await site.upgrades();
    await reconcile(ofControlPlane);
    site.endWorkflow();
    site.patch('KubeadmControlPlane', 'edge-cp', annotationsOf(requested(controlPlane())));
    await eventually('the next number', async () => {
      await reconcile(ofControlPlane);
      return site.recordOf(ofControlPlane)?.state === 'running' && site.workflows().length === 2;
    });
    expect(site.recordOf(ofControlPlane)).toMatchObject({ number: 2 });
  });

  it('whose Workflow was made by a server that ended then is not judged anew, nor released', async () => {
    const owner = requested(controlPlane(FALLBACK));
    site.withControlPlane(owner);
    const { reconcile } = await site.upgrades();
    await reconcile(ofControlPlane);
    site.patch('KubeadmControlPlane', 'edge-cp', annotationsOf(owner));
    const running = {
      version: 1,
      number: 1,
      hash: 'h',
      state: 'running',
      to: TO,
      startedAt: '2026-01-01T00:00:00Z',
    };
    const annotations = { 'capi-refit.io/operation': JSON.stringify({ ...running, workflow: 'w' }) };
    site.patch('Machine', 'cp-a', { metadata: { annotations } });
    await reconcile(ofControlPlane);
    expect(site.pauseOf(ofControlPlane)).toBe('capi-refit.io');
    const workflow = text(site.workflows()[0], 'metadata', 'name');
    expect(site.recordOf(ofControlPlane)).toMatchObject({ number: 1, state: 'running', to: TO, workflow });
  });

  it('that is edited while it is declined keeps what the edit asks for', async () => {
    site.withControlPlane(requested(controlPlane(['/spec/version', 'v1.35.1'])));
    const made = await site.upgrades();
    const { client: real } = made.options;
    const { reconcile } = createUpgrades({
      ...made.options,
      client: {
        ...real,
        async get(path, ...more) {
          if (path.includes('/clusters/')) {
            site.patch(
              'KubeadmControlPlane',
              'edge-cp',
              annotationsOf(requested(controlPlane(), { number: 2 })),
            );
          }
          return real.get(path, ...more);
        },
      },
    });
    await reconcile(ofControlPlane);
    expect(site.recordOf(ofControlPlane)).toMatchObject({ number: 2, state: 'requested' });
  });
});
