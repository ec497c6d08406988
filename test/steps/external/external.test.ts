import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { EXIT } from '../../../src/api/commands.ts';
import { knownExternal } from '../../../src/api/external-record.ts';
import { askOf } from '../../../src/api/external-owner.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { knownRecord, writeRecord } from '../../../src/api/operation.ts';
import { text, texts } from '../../../src/kubernetes/fields.ts';
import { decideExternal } from '../../../src/plan/external.ts';
import {
  controlPlane,
  machineDeployment,
  machineOf,
  TO,
  controlPlaneSituation,
  workerSituation,
} from '../../helpers/external.ts';
import { ExternalSite, held, WORKFLOW } from '../../helpers/external-site.ts';
import { edited, imageMap, policyOf } from '../../helpers/requests.ts';

const policy = policyOf({ imageMap: imageMap(TO) });
const KUBEADM_CONFIG = { collection: '/api/v1/configmaps', namespace: 'kube-system', name: 'kubeadm-config' };
const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
const workers = { ownerKind: 'MachineDeployment', owner: 'edge-md' } as const;
let site: ExternalSite;

beforeEach(async () => {
  site = new ExternalSite();
  await site.start();
});
afterEach(() => site.stop());

/** What the server would have planned. */
function hashOf(name: string): string {
  const decision = decideExternal(
    name.startsWith('cp') ? controlPlaneSituation() : workerSituation(),
    policy,
  );
  const upgrade = 'upgrades' in decision ? decision.upgrades.find((one) => one.name === name) : undefined;
  return upgrade?.hash ?? '';
}

function ofMachine(name: string) {
  return { machine: name, operation: 1, hash: hashOf(name), ...(name.startsWith('md') ? workers : {}) };
}

function recordOf(name: string) {
  return knownRecord(texts(site.get('Machine', name), 'metadata', 'annotations'));
}

function paused(kind: string, name: string): string | undefined {
  return site.annotation(kind, name, 'cluster.x-k8s.io/paused');
}

/** As `complete` leaves a Machine. */
async function upgrade(name: string): Promise<void> {
  await site.run('begin', ofMachine(name));
  await site.run('settle', ofMachine(name));
  const record = recordOf(name);
  if (record)
    site.patch('Machine', name, {
      metadata: { annotations: writeRecord({ ...record, state: 'succeeded' }) },
    });
}

describe('prepare of a control plane', () => {
  beforeEach(() => {
    const data = {
      ClusterConfiguration:
        'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nclusterName: edge\n',
    };
    site.workload.data.create(KUBEADM_CONFIG, {
      metadata: { name: 'kubeadm-config', namespace: 'kube-system' },
      data,
    });
  });

  it('writes kubeadm-config and the permissions once', async () => {
    site.withControlPlane();
    expect(await site.run('prepare')).toMatchObject({ code: EXIT.done });
    expect(parse(text(site.workload.data.get(KUBEADM_CONFIG), 'data', 'ClusterConfiguration') ?? '')).toEqual(
      {
        apiVersion: 'kubeadm.k8s.io/v1beta4',
        kind: 'ClusterConfiguration',
        clusterName: 'edge',
        kubernetesVersion: TO,
        apiServer: { extraArgs: [{ name: 'profiling', value: 'false' }] },
        featureGates: { ControlPlaneKubeletLocalMode: true },
        etcd: { local: { imageTag: '3.5.21-0' } },
      },
    );
    expect(site.workload.data.list(BINDINGS, '').map((one) => text(one, 'metadata', 'name'))).toEqual([
      'kubeadm:apiserver-kubelet-client',
      'kubeadm:cluster-admins',
    ]);
    const version = site.workload.data.version;
    expect(await site.run('prepare')).toEqual({
      code: EXIT.done,
      message: `kubeadm-config was at ${TO} before`,
    });
    expect(site.workload.data.version).toBe(version);
  });

  it.each<[string, JsonObject, string]>([
    [
      'asks for another version by now',
      held(controlPlane(['/spec/version', 'v1.34.9'])),
      'asks for v1.34.9 by now',
    ],
    [
      'is not paused any more',
      edited(held(controlPlane()), ['/metadata/annotations/cluster.x-k8s.io~1paused', undefined]),
      'is not paused any more',
    ],
    ['has another upgrade', held(controlPlane(), { number: 2 }), 'upgrade: got 2, expected 1'],
    ['has ended', held(controlPlane(), { state: 'failed' }), 'got failed, expected running'],
  ])('touches nothing when the owner %s', async (_what, owner, message) => {
    site.withControlPlane(owner);
    const version = site.workload.data.version;
    expect(await site.run('prepare')).toMatchObject({
      code: EXIT.failed,
      message: expect.stringContaining(message),
    });
    expect(site.workload.data.version).toBe(version);
  });
});

describe('prepare of workers', () => {
  it('pauses the MachineSets once, and leaves the pause of somebody else', async () => {
    site.withWorkers();
    expect(await site.run('prepare', workers)).toMatchObject({ code: EXIT.done });
    expect(paused('MachineSet', 'edge-md-1')).toBe('capi-refit.io');
    expect(paused('MachineSet', 'edge-md-0')).toBe('capi-refit.io');
    const { length } = site.written();
    await site.run('prepare', workers);
    expect(site.written()).toHaveLength(length);
  });
});

describe('a Machine', () => {
  it('gets its record and its configuration first, its version last', async () => {
    site.withControlPlane();
    expect(await site.run('begin', ofMachine('cp-a'))).toMatchObject({ code: EXIT.done });
    expect(recordOf('cp-a')).toMatchObject({ number: 1, state: 'running', to: TO, workflow: WORKFLOW });
    expect(site.get('KubeadmConfig', 'cp-a')['spec']).toMatchObject({
      joinConfiguration: { controlPlane: {} },
    });
    expect(site.get('KubeadmConfig', 'cp-a')['spec']).not.toHaveProperty('initConfiguration');
    expect(text(site.get('Machine', 'cp-a'), 'spec', 'version')).not.toBe(TO);
    expect(await site.run('settle', ofMachine('cp-a'))).toMatchObject({ code: EXIT.done });
    expect(text(site.get('Machine', 'cp-a'), 'spec', 'version')).toBe(TO);
  });

  it('begins although the conversion of an older object left timeouts of joining beside kubeadm init', async () => {
    const machine = machineOf(
      'KubeadmControlPlane',
      'cp-a',
      [
        '/bootstrapConfig/spec/joinConfiguration',
        { timeouts: { controlPlaneComponentHealthCheckSeconds: 240 } },
      ],
      ['/bootstrapConfig/spec/clusterConfiguration/featureGates', { ControlPlaneKubeletLocalMode: true }],
    );
    const decision = decideExternal(controlPlaneSituation({ machines: [machine] }), policy);
    const hash = 'upgrades' in decision ? (decision.upgrades[0]?.hash ?? '') : decision.declined;
    site.withControlPlane();
    site.patch('KubeadmConfig', 'cp-a', { spec: machine.bootstrapConfig?.['spec'] ?? {} });
    expect(await site.run('begin', { ...ofMachine('cp-a'), hash })).toMatchObject({ code: EXIT.done });
  });

  it('begins once, and settles once', async () => {
    site.withControlPlane();
    await site.run('begin', ofMachine('cp-a'));
    const begun = site.management.data.version;
    expect(await site.run('begin', ofMachine('cp-a'))).toMatchObject({ code: EXIT.done });
    expect(site.management.data.version).toBe(begun);
    await site.run('settle', ofMachine('cp-a'));
    const settled = site.management.data.version;
    await site.run('settle', ofMachine('cp-a'));
    expect(site.management.data.version).toBe(settled);
  });

  it('is left alone when it is to become something else than was planned', async () => {
    site.withControlPlane(held(controlPlane(['/spec/kubeadmConfigSpec/verbosity', 5])));
    const end = await site.run('begin', ofMachine('cp-a'));
    expect(end).toMatchObject({
      code: EXIT.failed,
      message: expect.stringContaining('something else by now'),
    });
    expect(site.written()).toEqual([]);
  });

  it('is left alone while another operation of it runs', async () => {
    site.withControlPlane();
    const record = { version: 1, number: 7, hash: 'h', state: 'running', to: TO, startedAt: 'now' } as const;
    site.patch('Machine', 'cp-a', { metadata: { annotations: writeRecord(record) } });
    expect(await site.run('begin', ofMachine('cp-a'))).toMatchObject({ code: EXIT.failed });
    expect(site.written()).toEqual([]);
  });

  it('gets the fields and marks of another infrastructure template at the end', async () => {
    const owner = held(machineDeployment(['/spec/template/spec/infrastructureRef/name', 'md-2']));
    const spec = { template: { spec: { image: 'b' } } };
    site
      .withWorkers(owner)
      .put({ kind: 'MetalMachineTemplate', metadata: { namespace: 'site', name: 'md-2' }, spec });
    await site.run('begin', ofMachine('md-a'));
    expect(text(site.get('MetalMachine', 'md-a'), 'spec', 'image')).toBe('a');
    await site.run('settle', ofMachine('md-a'));
    expect(site.get('MetalMachine', 'md-a')['spec']).toEqual({ image: 'b', providerID: 'metal://md-a' });
    expect(site.annotation('MetalMachine', 'md-a', 'cluster.x-k8s.io/cloned-from-name')).toBe('md-2');
  });
});

describe('release', () => {
  const release = (status: string, more = {}) => site.run('release', { workflowStatus: status, ...more });
  const externalOf = (kind: string, name: string) =>
    knownExternal(texts(site.get(kind, name), 'metadata', 'annotations'));

  it('gives the control plane back when its Machines are as it asks', async () => {
    site.withControlPlane();
    await upgrade('cp-a');
    expect(await release('Succeeded')).toMatchObject({ code: EXIT.done });
    expect(paused('KubeadmControlPlane', 'edge-cp')).toBeUndefined();
    expect(externalOf('KubeadmControlPlane', 'edge-cp')).toMatchObject({ number: 1, state: 'succeeded' });
  });

  it('brings the MachineSet with Machines to what the MachineDeployment asks, and unpauses all', async () => {
    site.withWorkers();
    await site.run('prepare', workers);
    for (const name of ['md-a', 'md-b']) await upgrade(name);
    expect(await release('Succeeded', workers)).toMatchObject({ code: EXIT.done });
    const template = (name: string) =>
      text(site.get('MachineSet', name), 'spec', 'template', 'spec', 'version');
    expect(template('edge-md-1')).toBe(TO);
    expect(template('edge-md-0')).not.toBe(TO);
    expect(['edge-md-0', 'edge-md-1'].map((name) => paused('MachineSet', name))).toEqual([
      undefined,
      undefined,
    ]);
    expect(paused('MachineDeployment', 'edge-md')).toBeUndefined();
  });

  it('keeps the owner paused after a failure: Cluster API would replace what is left', async () => {
    site.withWorkers();
    await site.run('prepare', workers);
    await upgrade('md-a');
    const { code, message } = await release('Failed', workers);
    expect(code).toBe(EXIT.done);
    expect(message).toContain(`Workflow ${WORKFLOW} ended Failed: Machine md-b: not upgraded`);
    expect(paused('MachineDeployment', 'edge-md')).toBe('capi-refit.io');
    expect(paused('MachineSet', 'edge-md-1')).toBe('capi-refit.io');
    expect(externalOf('MachineDeployment', 'edge-md')).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('Machine md-b: not upgraded'),
    });
  });

  it('gives it back after a failure where that was opted in', async () => {
    site.withWorkers(
      edited(held(machineDeployment()), ['/metadata/annotations/capi-refit.io~1fallback', 'rolling']),
    );
    await site.run('prepare', workers);
    await release('Failed', workers);
    expect(paused('MachineDeployment', 'edge-md')).toBeUndefined();
    expect(paused('MachineSet', 'edge-md-1')).toBeUndefined();
    expect(externalOf('MachineDeployment', 'edge-md')).toMatchObject({ state: 'failed' });
  });

  it('closes a Machine in the middle of its operation, although its node cannot be asked', async () => {
    site.withControlPlane();
    await site.run('begin', ofMachine('cp-a'));
    expect(await release('Failed')).toMatchObject({ code: EXIT.done });
    expect(recordOf('cp-a')).toMatchObject({ state: 'failed', host: 'unknown' });
    expect(externalOf('KubeadmControlPlane', 'edge-cp')?.reason).toContain(
      'Machine cp-a: operation 1 failed',
    );
  });

  it('says which step of a Machine failed, and why', async () => {
    site.withControlPlane();
    const node = {
      name: `${WORKFLOW}.machine-cp-a.kubeadm(0)`,
      type: 'Pod',
      phase: 'Failed',
      message: 'boom',
    };
    site.management.data.create(
      { collection: '/apis/argoproj.io/v1alpha1/workflows', namespace: 'site', name: WORKFLOW },
      { metadata: { namespace: 'site', name: WORKFLOW }, status: { nodes: { a: node } } },
    );
    await site.run('begin', ofMachine('cp-a'));
    await release('Failed');
    expect(recordOf('cp-a')?.reason).toMatch(/^step kubeadm: boom; the Workflow ended Failed/);
    expect(externalOf('KubeadmControlPlane', 'edge-cp')?.reason).toContain('step kubeadm: boom');
  });

  it('does not take a Machine for done whose operation failed, although its objects are as wanted', async () => {
    site.withControlPlane();
    await site.run('begin', ofMachine('cp-a'));
    await site.run('settle', ofMachine('cp-a'));
    await release('Failed');
    expect(externalOf('KubeadmControlPlane', 'edge-cp')).toMatchObject({ state: 'failed' });
  });

  it('says its last word once', async () => {
    site.withControlPlane();
    await upgrade('cp-a');
    await release('Succeeded');
    const { version } = site.management.data;
    expect(await release('Succeeded')).toMatchObject({
      code: EXIT.done,
      message: 'recorded before: succeeded',
    });
    expect(site.management.data.version).toBe(version);
  });

  it('leaves the pause of somebody else', async () => {
    const owner = edited(held(controlPlane()), ['/metadata/annotations/cluster.x-k8s.io~1paused', 'me']);
    site.withControlPlane(owner);
    const { machine } = machineOf('KubeadmControlPlane', 'cp-a');
    expect(askOf(owner).cluster).toBe(text(machine, 'spec', 'clusterName'));
    await release('Failed');
    expect(paused('KubeadmControlPlane', 'edge-cp')).toBe('me');
  });

  it('is tried again when the API server is away', async () => {
    site.withControlPlane();
    await upgrade('cp-a');
    site.management.failNext(1, 503, 'patch');
    expect(await release('Succeeded')).toMatchObject({ code: EXIT.done });
  });
});
