import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { EXIT } from '../../../src/api/commands.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { writeRecord } from '../../../src/api/operation.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { decideExternal } from '../../../src/plan/external.ts';
import {
  controlPlane,
  controlPlaneSituation,
  machineDeployment,
  machineOf,
  TO,
} from '../../helpers/external.ts';
import { ExternalSite, held, ofMachine, OF_WORKERS, WORKFLOW } from '../../helpers/external-site.ts';
import { edited, imageMap, policyOf } from '../../helpers/requests.ts';

const policy = policyOf({ imageMap: imageMap(TO) });
const KUBEADM_CONFIG = { collection: '/api/v1/configmaps', namespace: 'kube-system', name: 'kubeadm-config' };
const BINDINGS = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
let site: ExternalSite;

beforeEach(async () => {
  site = new ExternalSite();
  await site.start();
});
afterEach(() => site.stop());

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
    [
      'was taken from Refit',
      held(controlPlane(['/metadata/labels/capi-refit.io~1strategy', undefined])),
      'label capi-refit.io/strategy: got none, expected external',
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
  it('pauses the MachineSets once', async () => {
    site.withWorkers();
    expect(await site.run('prepare', OF_WORKERS)).toMatchObject({ code: EXIT.done });
    expect(site.paused('MachineSet', 'edge-md-1')).toBe('capi-refit.io');
    expect(site.paused('MachineSet', 'edge-md-0')).toBe('capi-refit.io');
    const { length } = site.written();
    await site.run('prepare', OF_WORKERS);
    expect(site.written()).toHaveLength(length);
  });

  it('leaves the pause of somebody else', async () => {
    site.withWorkers();
    site.patch('MachineSet', 'edge-md-1', { metadata: { annotations: { 'cluster.x-k8s.io/paused': 'me' } } });
    await site.run('prepare', OF_WORKERS);
    expect(site.paused('MachineSet', 'edge-md-1')).toBe('me');
  });
});

describe('a Machine', () => {
  it('gets its record and its configuration first, its version last', async () => {
    site.withControlPlane();
    expect(await site.run('begin', ofMachine('cp-a'))).toMatchObject({ code: EXIT.done });
    expect(site.operationOf('cp-a')).toMatchObject({
      number: 1,
      state: 'running',
      to: TO,
      workflow: WORKFLOW,
    });
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

  it('is left alone when a person blocked it after it was planned', async () => {
    site.withControlPlane();
    site.patch('Machine', 'cp-a', { metadata: { annotations: { 'capi-refit.io/blocked': 'broken disk' } } });
    const end = await site.run('begin', ofMachine('cp-a'));
    expect(end).toMatchObject({
      code: EXIT.failed,
      message: expect.stringContaining('blocked: broken disk'),
    });
    expect(site.written()).toEqual([]);
  });

  it.each<[string, (nodes: JsonObject) => JsonObject]>([
    ['of which Argo says so', (nodes) => ({ nodes })],
    [
      'of which Argo says so in few bytes',
      (nodes) => ({ compressedNodes: gzipSync(JSON.stringify(nodes)).toString('base64') }),
    ],
  ])('does not begin after the failure of another, %s', async (_what, status) => {
    site.withWorkers();
    const other = { name: `${WORKFLOW}.machine-md-b`, type: 'DAG', phase: 'Failed' };
    const tried = { name: `${WORKFLOW}.machine-md-a.begin(0)`, type: 'Pod', phase: 'Error' };
    site.patch('Workflow', WORKFLOW, { status: status({ a: tried, b: other }) });
    const end = await site.run('begin', ofMachine('md-a'));
    expect(end).toMatchObject({
      code: EXIT.failed,
      message: expect.stringContaining('machine-md-b failed: Machine md-a is not begun'),
    });
    expect(site.written()).toEqual([]);
  });

  it('that has begun goes on although another fails', async () => {
    site.withWorkers();
    await site.run('begin', ofMachine('md-a'));
    const other = { name: `${WORKFLOW}.machine-md-b`, type: 'DAG', phase: 'Failed' };
    site.patch('Workflow', WORKFLOW, { status: { nodes: { a: other } } });
    expect(await site.run('begin', ofMachine('md-a'))).toMatchObject({ code: EXIT.done });
  });

  it('does not say what its node is not: the owner asks for something else at the end', async () => {
    site.withControlPlane();
    await site.run('begin', ofMachine('cp-a'));
    site.patch('KubeadmControlPlane', 'edge-cp', { spec: { kubeadmConfigSpec: { verbosity: 5 } } });
    const { length } = site.written();
    const end = await site.run('settle', ofMachine('cp-a'));
    expect(end).toMatchObject({
      code: EXIT.failed,
      message: expect.stringContaining('something else by now'),
    });
    expect(site.written()).toHaveLength(length);
  });

  it('is not settled without its operation', async () => {
    site.withControlPlane();
    expect(await site.run('settle', ofMachine('cp-a'))).toMatchObject({ code: EXIT.failed });
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
