// External upgrades against a real API server: admission in the same write, permissions, schemas, preconditions.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { EXIT } from '../../src/api/commands.ts';
import { knownExternal } from '../../src/api/external-record.ts';
import type { OwnerKind } from '../../src/api/external-owner.ts';
import { EXTERNAL_PATH } from '../../src/api/external-request.ts';
import { WORKFLOW_SERVICE_ACCOUNT } from '../../src/api/install.ts';
import type { JsonObject } from '../../src/api/json.ts';
import { knownRecord, writeRecord } from '../../src/api/operation.ts';
import { SERVER, SERVER_NAMESPACE } from '../../src/charts/names.ts';
import { systemClock } from '../../src/cli/clock.ts';
import { createEditGuard } from '../../src/hook/external/edit-guard.ts';
import { startExternal } from '../../src/hook/external/external-server.ts';
import type { ExternalServer } from '../../src/hook/external/https.ts';
import { WORKFLOWS } from '../../src/hook/kubernetes/resources.ts';
import { kubernetesStore } from '../../src/hook/kubernetes/store.ts';
import { silent } from '../../src/hook/log.ts';
import { createMetrics } from '../../src/hook/metrics.ts';
import type { Store } from '../../src/hook/store.ts';
import { selfSignedTls, type TlsMaterial } from '../../src/hook/tls.ts';
import { createApiClient, type ApiClient } from '../../src/kubernetes/api-client.ts';
import { machineSetPath, machinesPath, ownerPath } from '../../src/kubernetes/external-reads.ts';
import { at, list, text, texts } from '../../src/kubernetes/fields.ts';
import { API_STEPS } from '../../src/steps/api/api-steps.ts';
import type { ExternalFlags } from '../../src/steps/external/external-step.ts';
import { EXTERNAL_STEPS } from '../../src/steps/external/external-steps.ts';
import { runExternal } from '../../src/steps/external/run-external.ts';
import type { ExternalCommand } from '../../src/api/external-commands.ts';
import { eventually } from '../helpers/eventually.ts';
import { FROM, TO } from '../helpers/external.ts';
import { call } from '../helpers/https.ts';
import { imageMap, policyOf } from '../helpers/requests.ts';
import { apiOf, expectOk, kubeConfigOf } from './api.ts';
import { applyTo } from './apply.ts';
import { createOwnedSite, installMetal, machineParameters, type OwnedSite } from './external-site.ts';
import { asServiceAccount, installation } from './installation.ts';
import { reachWebhooks, webhooksPath } from './webhooks.ts';

const admin = kubeConfigOf(process.env['REFIT_TEST_KUBECONFIG'] ?? '');
const api = apiOf(admin);
const clock = systemClock();
const KUBEADM_CONFIG = '/api/v1/namespaces/kube-system/configmaps';
const stop = new AbortController();
let site: OwnedSite;
let store: Store;
let clients: { server: ApiClient; pod: ApiClient; workload: ApiClient };
let external: ExternalServer;
let tls: TlsMaterial;
let port: number;
let manifests: JsonObject[];

beforeAll(async () => {
  await installMetal(api);
  site = await createOwnedSite(api);
  manifests = installation(
    {
      clusterNamespaces: [{ name: site.namespace, contentSecrets: [] }],
      infrastructureMachines: ['metalmachines'],
    },
    '0.1.0',
  );
  await applyTo(api)(manifests);
  const serverConfig = await asServiceAccount(admin, api, SERVER_NAMESPACE, SERVER);
  const podConfig = await asServiceAccount(admin, api, site.namespace, WORKFLOW_SERVICE_ACCOUNT);
  clients = {
    server: createApiClient(serverConfig, clock),
    pod: createApiClient(podConfig, clock),
    workload: createApiClient(admin, clock),
  };
  store = kubernetesStore({ kubeConfig: serverConfig, clock, log: silent });
  await store.start();
  await eventually('store ready', () => store.ready(), 30);
  tls = await selfSignedTls(new Date());
  const policy = policyOf({ imageMap: imageMap(FROM, TO) });
  external = startExternal(
    {
      ...{ client: clients.server, store, clock, log: silent, metrics: createMetrics(() => []), tls },
      ...{
        policy: () => policy,
        announce: () => undefined,
        guard: createEditGuard({ store, clock }),
        version: '0.1.0',
      },
    },
    stop.signal,
  );
  port = await external.listen('127.0.0.1', 0);
  await reachWebhooks(api, manifests, { port, cert: tls.cert });
  await eventually('the webhook is asked', webhookIsAsked, 30);
  const data = { ClusterConfiguration: 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n' };
  await api.delete(`${KUBEADM_CONFIG}/kubeadm-config`);
  await expectOk(api.create(KUBEADM_CONFIG, { metadata: { name: 'kubeadm-config' }, data }));
});
afterAll(async () => {
  for (const kind of ['Mutating', 'Validating']) await api.delete(webhooksPath(kind));
  stop.abort();
  await external?.close();
  await store?.close();
  await Promise.all(Object.values(clients ?? {}).map((client) => client.close()));
});

/** An API server takes a moment to use a changed configuration. */
async function webhookIsAsked(): Promise<boolean> {
  const probe = { metadata: { annotations: { 'cluster.x-k8s.io/paused': null } }, spec: { version: TO } };
  const { body } = await api.patch(`${owner('KubeadmControlPlane')}?dryRun=All`, probe);
  return text(body, 'metadata', 'annotations', 'cluster.x-k8s.io/paused') === 'capi-refit.io';
}

function owner(kind: OwnerKind): string {
  return ownerPath(
    kind,
    site.namespace,
    kind === 'KubeadmControlPlane' ? site.controlPlane : site.deployment,
  );
}

async function recordOf(kind: OwnerKind) {
  return knownExternal(texts(await expectOk(api.get(owner(kind))), 'metadata', 'annotations'));
}

async function started(kind: OwnerKind): Promise<JsonObject> {
  await eventually(
    `${kind} is running`,
    async () => {
      const record = await recordOf(kind);
      return record?.state === 'running' || `${record?.state}: ${record?.reason}`;
    },
    60,
  );
  const name = (await recordOf(kind))?.workflow ?? '';
  return expectOk(api.get(WORKFLOWS.path(site.namespace, name)));
}

/** As a pod of that Workflow, with the permissions of its account. */
async function perform(command: ExternalCommand, workflow: JsonObject, machine = '', status = '') {
  const given: Record<string, string> = machine === '' ? {} : machineParameters(workflow, machine);
  const parameters = Object.fromEntries(
    list(workflow, 'spec', 'arguments', 'parameters').map((each) => [
      text(each, 'name') ?? '',
      text(each, 'value') ?? '',
    ]),
  );
  const flags: ExternalFlags = {
    namespace: site.namespace,
    workflow: text(workflow, 'metadata', 'name') ?? '',
    workflowStatus: status,
    cluster: parameters['cluster'] ?? '',
    ownerKind: parameters['owner-kind'] as ExternalFlags['ownerKind'],
    owner: parameters['owner'] ?? '',
    number: Number(parameters['number']),
    kubernetesVersion: parameters['kubernetes-version'] ?? '',
    machine,
    operation: Number(given['operation'] ?? 0),
    hash: given['hash'] ?? '',
    timeoutSeconds: 5,
  };
  const end = await runExternal(command, flags, {
    ...{ management: clients.pod, workload: clients.workload, clock, log: () => undefined },
    ...{ signal: stop.signal, readImageMap: async () => '', isSelfHosted: async () => false },
    ...{ apiSteps: API_STEPS, externalSteps: EXTERNAL_STEPS },
  });
  expect(end).toMatchObject({ code: EXIT.done });
}

/** What `complete` records of the node's steps is written here. */
async function upgrade(workflow: JsonObject, name: string): Promise<void> {
  const path = machinesPath(site.namespace, name);
  await perform('begin', workflow, name);
  await perform('settle', workflow, name);
  const record = knownRecord(texts(await expectOk(api.get(path)), 'metadata', 'annotations'));
  if (!record) throw new Error(`Machine ${name}: no record`);
  await expectOk(
    api.patch(path, { metadata: { annotations: writeRecord({ ...record, state: 'succeeded' }) } }),
  );
  await expectOk(api.patch(`${path}/status`, { status: { nodeInfo: { kubeletVersion: TO } } }));
}

describe('a control plane of one, edited with one patch', () => {
  it('is paused in that write, upgraded by one Workflow, and given back', async () => {
    const edited = await expectOk(api.patch(owner('KubeadmControlPlane'), { spec: { version: TO } }));
    expect(texts(edited, 'metadata', 'annotations')['cluster.x-k8s.io/paused']).toBe('capi-refit.io');
    const workflow = await started('KubeadmControlPlane');
    const again = await api.patch(owner('KubeadmControlPlane'), { spec: { version: 'v1.34.9' } });
    expect(again).toMatchObject({
      status: 403,
      body: { message: expect.stringContaining(`an upgrade to ${TO} runs`) },
    });

    await perform('prepare', workflow);
    await upgrade(workflow, 'cp-a');
    await perform('release', workflow, '', 'Succeeded');
    const after = await expectOk(api.get(owner('KubeadmControlPlane')));
    expect(texts(after, 'metadata', 'annotations')).not.toHaveProperty('cluster.x-k8s.io/paused');
    expect(await recordOf('KubeadmControlPlane')).toMatchObject({ state: 'succeeded', number: 1 });
    const config = await expectOk(api.get(`${KUBEADM_CONFIG}/kubeadm-config`));
    expect(text(config, 'data', 'ClusterConfiguration')).toContain(`kubernetesVersion: ${TO}`);
  });
});

describe('a MachineDeployment', () => {
  it('keeps its pause when another program applies it without', async () => {
    await expectOk(api.patch(owner('MachineDeployment'), { spec: { template: { spec: { version: TO } } } }));
    const dropped = { metadata: { annotations: { 'cluster.x-k8s.io/paused': null } } };
    const after = await expectOk(api.patch(owner('MachineDeployment'), dropped));
    expect(texts(after, 'metadata', 'annotations')['cluster.x-k8s.io/paused']).toBe('capi-refit.io');
  });

  it('is upgraded with its MachineSet', async () => {
    const workflow = await started('MachineDeployment');
    await perform('prepare', workflow);
    const set = () => expectOk(api.get(machineSetPath(site.namespace, 'edge-md-1')));
    expect(texts(await set(), 'metadata', 'annotations')['cluster.x-k8s.io/paused']).toBe('capi-refit.io');
    for (const name of ['md-a', 'md-b']) await upgrade(workflow, name);
    const released = perform('release', workflow, '', 'Succeeded');
    await eventually(
      'the MachineSet is free',
      async () => !('cluster.x-k8s.io/paused' in texts(await set(), 'metadata', 'annotations')),
      30,
    );
    const held = await expectOk(api.get(owner('MachineDeployment')));
    expect(texts(held, 'metadata', 'annotations')['cluster.x-k8s.io/paused']).toBe('capi-refit.io');
    // As its controller says that it has seen what was written.
    const status = { observedGeneration: at(await set(), 'metadata', 'generation') ?? 0 };
    await expectOk(api.patch(`${machineSetPath(site.namespace, 'edge-md-1')}/status`, { status }));
    await released;
    expect(at(await set(), 'spec', 'template', 'spec', 'version')).toBe(TO);
    expect(texts(await set(), 'metadata', 'annotations')).not.toHaveProperty('cluster.x-k8s.io/paused');
    expect(await recordOf('MachineDeployment')).toMatchObject({ state: 'succeeded' });
  });

  it('may not be edited while Cluster API moves one of its Machines', async () => {
    const move = { 'in-place-updates.internal.cluster.x-k8s.io/pending-acknowledge-move': '' };
    await expectOk(
      api.patch(owner('MachineDeployment'), { metadata: { labels: { 'capi-refit.io/strategy': null } } }),
    );
    await expectOk(api.patch(machinesPath(site.namespace, 'md-a'), { metadata: { annotations: move } }));
    const edit = { spec: { template: { spec: { version: 'v1.34.9' } } } };
    await eventually(
      'the edit is refused',
      async () => {
        const { status, body } = await api.patch(`${owner('MachineDeployment')}?dryRun=All`, edit);
        return (
          (status === 403 && text(body, 'message')?.includes('moving Machine md-a') === true) ||
          `got ${status}`
        );
      },
      20,
    );
    const labels = { metadata: { labels: { tier: 'a' } } };
    await expectOk(api.patch(owner('MachineDeployment'), labels));
  });
});

describe('the endpoint', () => {
  const request = () =>
    JSON.stringify({
      ...{ apiVersion: 'hooks.capi-refit.io/v1alpha1', kind: 'ExternalUpgradeRequest' },
      cluster: { namespace: site.namespace, name: 'edge' },
      owner: { kind: 'KubeadmControlPlane', name: site.controlPlane },
    });

  async function ask(account: string) {
    const config = await asServiceAccount(admin, api, site.namespace, account);
    const headers = { authorization: `Bearer ${config.getCurrentUser()?.token ?? ''}` };
    return call(port, { path: EXTERNAL_PATH, ca: tls.cert, headers, body: request() });
  }

  it('answers who may patch the owner, and nobody else', async () => {
    for (const name of ['ada', 'eve']) {
      await expectOk(
        api.create(`/api/v1/namespaces/${site.namespace}/serviceaccounts`, { metadata: { name } }),
      );
    }
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${site.namespace}`;
    const rules = [
      { apiGroups: ['controlplane.cluster.x-k8s.io'], resources: ['kubeadmcontrolplanes'], verbs: ['patch'] },
    ];
    await expectOk(api.create(`${rbac}/roles`, { metadata: { name: 'upgrader' }, rules }));
    await expectOk(
      api.create(`${rbac}/rolebindings`, {
        metadata: { name: 'upgrader' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'upgrader' },
        subjects: [{ kind: 'ServiceAccount', name: 'ada', namespace: site.namespace }],
      }),
    );
    await eventually('ada is answered', async () => (await ask('ada')).status === 200, 20);
    expect((await ask('ada')).json()).toMatchObject({ accepted: true, upgraded: 1, requireUpgrade: 0 });
    const refused = await ask('eve');
    expect(refused.status).toBe(403);
    expect(refused.json()).toMatchObject({
      accepted: false,
      reason: expect.stringContaining('may not patch'),
    });
    const headers = { authorization: 'Bearer x' };
    const unknown = await call(port, { path: EXTERNAL_PATH, ca: tls.cert, headers, body: request() });
    expect(unknown.status).toBe(403);
  });
});

describe('while no server answers', () => {
  it('a labelled owner is not edited; what its controller writes, and its deletion, pass', async () => {
    await reachWebhooks(api, manifests, { port: 1, cert: tls.cert });
    const path = owner('KubeadmControlPlane');
    const edit = (body: JsonObject) => api.patch(`${path}?dryRun=All`, body);
    await eventually(
      'the edit is refused',
      async () => (await edit({ spec: { version: 'v1.34.9' } })).status === 500,
      20,
    );
    const annotations = (key: string): JsonObject => ({ metadata: { annotations: { [key]: 'a' } } });
    for (const held of ['cluster.x-k8s.io/paused', 'capi-refit.io/external', 'capi-refit.io/release'])
      expect(await edit(annotations(held))).toMatchObject({ status: 500 });
    await expectOk(edit(annotations('controlplane.cluster.x-k8s.io/remediation-in-progress')));
    await expectOk(edit({ metadata: { finalizers: ['example.com/hold'] } }));

    await expectOk(api.patch(path, { metadata: { finalizers: ['example.com/hold'] } }));
    await expectOk(api.delete(path));
    await expectOk(edit({ spec: { version: 'v1.34.9' } }));
    await expectOk(api.patch(path, { metadata: { finalizers: null } }));
    expect((await api.get(path)).status).toBe(404);
  });
});
