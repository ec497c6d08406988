import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { knownExternal, type ExternalRecord } from '../../../src/api/external-record.ts';
import { decodeExternalRequest, type ExternalRequest } from '../../../src/api/external-request.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { answerExternal } from '../../../src/hook/external/answer.ts';
import { createUpgrades } from '../../../src/hook/external/upgrades.ts';
import { kubernetesStore } from '../../../src/hook/kubernetes/store.ts';
import { silent } from '../../../src/hook/log.ts';
import type { Store } from '../../../src/hook/store.ts';
import { systemClock } from '../../../src/cli/clock.ts';
import { createApiClient, type ApiClient } from '../../../src/kubernetes/api-client.ts';
import { externalReads } from '../../../src/kubernetes/external-reads.ts';
import { text, texts } from '../../../src/kubernetes/fields.ts';
import { eventually } from '../../helpers/eventually.ts';
import { controlPlane, FROM, machineDeployment, TO } from '../../helpers/external.ts';
import { ExternalSite, held } from '../../helpers/external-site.ts';
import { edited, imageMap, policyOf } from '../../helpers/requests.ts';

const WORKFLOWS = '/apis/argoproj.io/v1alpha1/workflows';
const policy = policyOf({ imageMap: imageMap(FROM, TO) });
let site: ExternalSite;
let store: Store;
let client: ApiClient;
let told: string[];

beforeEach(async () => {
  site = new ExternalSite();
  await site.start();
  const kubeConfig = site.management.kubeConfig();
  client = createApiClient(kubeConfig, systemClock());
  store = kubernetesStore({ kubeConfig, clock: systemClock(), log: silent });
  told = [];
});
afterEach(async () => {
  await Promise.all([store.close(), client.close()]);
  await site.stop();
});

async function upgrades() {
  await store.start();
  await eventually('store ready', () => store.ready());
  const options = {
    ...{ client, store, reads: externalReads(client), policy: () => policy, clock: systemClock() },
    ...{ log: silent, version: '0.1.0' },
    announce: (_about: unknown, _type: string, reason: string, message: string) =>
      void told.push(`${reason} ${message}`),
  };
  return { options, ...createUpgrades(options) };
}

const ofControlPlane = { kind: 'KubeadmControlPlane', namespace: 'site', name: 'edge-cp' } as const;
const ofWorkers = { kind: 'MachineDeployment', namespace: 'site', name: 'edge-md' } as const;

function recordOf({ kind, name }: { kind: string; name: string }): ExternalRecord | undefined {
  return knownExternal(texts(site.get(kind, name), 'metadata', 'annotations'));
}

function pauseOf({ kind, name }: { kind: string; name: string }): string | undefined {
  return site.annotation(kind, name, 'cluster.x-k8s.io/paused');
}

function workflows(): JsonObject[] {
  return site.management.data.list(WORKFLOWS, 'site');
}

function requested(owner: JsonObject, record: Partial<ExternalRecord> = {}): JsonObject {
  return held(owner, { state: 'requested', workflow: undefined, ...record });
}

describe('an owner that the webhook paused', () => {
  it('gets one Workflow, however often it is looked at', async () => {
    site.withControlPlane(requested(controlPlane()));
    const { reconcile } = await upgrades();
    await reconcile(ofControlPlane);
    await reconcile(ofControlPlane);
    expect(workflows()).toHaveLength(1);
    const name = text(workflows()[0], 'metadata', 'name');
    expect(recordOf(ofControlPlane)).toMatchObject({ number: 1, state: 'running', to: TO, workflow: name });
    expect(pauseOf(ofControlPlane)).toBe('capi-refit.io');
    expect(told).toEqual([`ExternalUpgradeStarted upgrade 1 to ${TO}: cp-a`]);
  });

  it('that two servers look at gets one Workflow', async () => {
    site.withControlPlane(requested(controlPlane()));
    const { reconcile } = await upgrades();
    const other = await upgrades();
    await Promise.allSettled([reconcile(ofControlPlane), other.reconcile(ofControlPlane)]);
    expect(workflows()).toHaveLength(1);
    expect(recordOf(ofControlPlane)).toMatchObject({ state: 'running' });
  });

  it('limits the workers of its Cluster', async () => {
    site.withControlPlane(controlPlane());
    site.patch('Machine', 'cp-a', { status: { nodeInfo: { kubeletVersion: TO } } });
    site.withWorkers(requested(machineDeployment()));
    const { reconcile } = await upgrades();
    await reconcile(ofWorkers);
    expect(workflows()).toHaveLength(1);
    const limits = site.management.data.list('/api/v1/configmaps', 'site');
    expect(limits.map((one) => text(one, 'metadata', 'name'))).toEqual(['edge-refit-concurrency']);
  });

  it('that is declined stays paused, and says why and what to do', async () => {
    site.withControlPlane(requested(controlPlane(['/spec/version', 'v1.35.1'])));
    const { reconcile } = await upgrades();
    await reconcile(ofControlPlane);
    expect(workflows()).toEqual([]);
    expect(recordOf(ofControlPlane)).toMatchObject({
      state: 'declined',
      reason: expect.stringContaining('skips a minor version'),
    });
    expect(pauseOf(ofControlPlane)).toBe('capi-refit.io');
    expect(told[0]).toContain('It stays paused: set it back');
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
    await (await upgrades()).reconcile(ofControlPlane);
    expect(pauseOf(ofControlPlane)).toBeUndefined();
    expect(recordOf(ofControlPlane)).toMatchObject({ state: 'failed' });
  });

  it('that was declined starts when what was in the way is gone', async () => {
    site.withControlPlane(controlPlane());
    site.withWorkers(requested(machineDeployment()));
    const { reconcile } = await upgrades();
    await reconcile(ofWorkers);
    expect(recordOf(ofWorkers)).toMatchObject({
      state: 'declined',
      reason: expect.stringContaining('upgrade that first'),
    });
    site.patch('Machine', 'cp-a', { status: { nodeInfo: { kubeletVersion: TO } } });
    await eventually('control plane seen', () => store.machine('site', 'cp-a')?.kubeletVersion === TO);
    await reconcile(ofWorkers);
    expect(recordOf(ofWorkers)).toMatchObject({ state: 'running' });
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
    await (await upgrades()).reconcile(ofControlPlane);
    expect(workflows()).toEqual([]);
    expect(pauseOf(ofControlPlane)).toBeUndefined();
    expect(recordOf(ofControlPlane)).toMatchObject({ state: 'succeeded' });
  });

  it('whose Workflow was deleted ends, and stays paused', async () => {
    site.withControlPlane();
    await (await upgrades()).reconcile(ofControlPlane);
    expect(recordOf(ofControlPlane)).toMatchObject({
      state: 'failed',
      reason: 'Workflow refit-edge-1 was deleted before it ended',
    });
    expect(pauseOf(ofControlPlane)).toBe('capi-refit.io');
  });

  it('that failed begins anew when somebody asks for it', async () => {
    const owner = edited(held(controlPlane(), { state: 'failed' }), [
      '/metadata/annotations/capi-refit.io~1retry',
      '',
    ]);
    site.withControlPlane(owner);
    const { reconcile } = await upgrades();
    await reconcile(ofControlPlane);
    await reconcile(ofControlPlane);
    expect(recordOf(ofControlPlane)).toMatchObject({ number: 2, state: 'running' });
    expect(site.annotation('KubeadmControlPlane', 'edge-cp', 'capi-refit.io/retry')).toBeUndefined();
  });

  it('without a record, or paused by somebody else, is not touched', async () => {
    site.withControlPlane(
      edited(requested(controlPlane()), ['/metadata/annotations/cluster.x-k8s.io~1paused', 'me']),
    );
    const { version } = site.management.data;
    await (await upgrades()).reconcile(ofControlPlane);
    expect(site.management.data.version).toBe(version);
  });
});

describe('a request', () => {
  const request = (more: object = {}): ExternalRequest =>
    decodeExternalRequest({
      apiVersion: 'hooks.capi-refit.io/v1alpha1',
      kind: 'ExternalUpgradeRequest',
      cluster: { namespace: 'site', name: 'edge' },
      owner: { kind: 'KubeadmControlPlane', name: 'edge-cp' },
      ...more,
    });

  async function ask(more: object = {}) {
    const made = await upgrades();
    return answerExternal({ ...made.options, upgrades: made }, request(more));
  }

  it('starts the upgrade, and is answered with the progress when it comes again', async () => {
    site.withControlPlane(requested(controlPlane()));
    const made = await upgrades();
    const options = { ...made.options, upgrades: made };
    expect(await answerExternal(options, request())).toMatchObject({
      accepted: true,
      requireUpgrade: 1,
      upgraded: 0,
    });
    expect(await answerExternal(options, request({ machines: ['cp-a'] }))).toMatchObject({
      accepted: true,
      reason: expect.stringContaining(`upgrade 1 to ${TO}`),
      requireUpgrade: 1,
      upgraded: 0,
      ready: false,
    });
    expect(workflows()).toHaveLength(1);
  });

  it.each<[string, object, string]>([
    [
      'an owner of unknown kind',
      { owner: { kind: 'MachinePool', name: 'edge-cp' } },
      'owner kind: got MachinePool',
    ],
    ['an owner that is not there', { owner: { kind: 'KubeadmControlPlane', name: 'other' } }, 'not found'],
    [
      'an owner of another Cluster',
      { cluster: { namespace: 'site', name: 'other' } },
      'of Cluster edge, expected other',
    ],
    ['a machine of another owner', { machines: ['cp-a', 'md-a'] }, 'Machines md-a: not of'],
    [
      'another release than the owner asks for',
      { release: 'gold' },
      'release: got gold, but the owner asks for none',
    ],
    [
      'another version than the owner asks for',
      { machine: { version: FROM } },
      'machine version: got another value',
    ],
  ])('for %s is declined, and nothing is changed', async (_what, more, reason) => {
    site.withControlPlane(requested(controlPlane()));
    const { version } = site.management.data;
    expect(await ask(more)).toMatchObject({
      accepted: false,
      reason: expect.stringContaining(reason),
    });
    expect(site.management.data.version).toBe(version);
  });

  it('for an owner that Cluster API acts on is declined', async () => {
    site.withControlPlane(controlPlane());
    expect(await ask()).toMatchObject({
      accepted: false,
      reason: expect.stringContaining('is not paused'),
    });
    expect(workflows()).toEqual([]);
  });
});
