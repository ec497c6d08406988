// The accounts of the installation may do with the API server what they must, and no more.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { WORKFLOW_SERVICE_ACCOUNT } from '../../src/api/install.ts';
import type { JsonObject } from '../../src/api/json.ts';
import { POLICY_CONFIG_MAP, SERVER, SERVER_NAMESPACE } from '../../src/charts/names.ts';
import { systemClock } from '../../src/cli/clock.ts';
import { at } from '../../src/kubernetes/fields.ts';
import { CLUSTERS, EVENTS, MACHINES, WORKFLOWS } from '../../src/hook/kubernetes/resources.ts';
import { kubernetesStore } from '../../src/hook/kubernetes/store.ts';
import { silent } from '../../src/hook/log.ts';
import type { ClusterView, EventInput, MachineView, Store } from '../../src/hook/store.ts';
import { eventually } from '../helpers/eventually.ts';
import { type Answer, type Api, apiOf, expectOk, kubeConfigOf } from './api.ts';
import { applyInstallation, asServiceAccount } from './installation.ts';
import { createSite, kubeadmConfigs, type Site, VERSION, workflowFor } from './site.ts';

const admin = kubeConfigOf(process.env['REFIT_TEST_KUBECONFIG'] ?? '');
const api = apiOf(admin);
const marked = { metadata: { annotations: { 'example.com/mark': 'a' } } };
let manifests: JsonObject[];
let site: Site;
/** In a namespace that the installation was not told of. */
let foreign: Site;
let server: { as: Api; store: Store; replica: Store };
let step: Api;

beforeAll(async () => {
  site = await createSite(api);
  foreign = await createSite(api);
  for (const name of ['audit-policy', 'refit-kubeconfig']) {
    await expectOk(api.create(`${core()}/secrets`, { metadata: { name }, stringData: { value: 'x' } }));
  }
  const namespace = { name: site.namespace, contentSecrets: ['audit-policy'] };
  manifests = await applyInstallation(api, namespace, VERSION);

  const kubeConfig = await asServiceAccount(admin, api, SERVER_NAMESPACE, SERVER);
  const open = () => kubernetesStore({ kubeConfig, clock: systemClock(), log: silent });
  server = { as: apiOf(kubeConfig), store: open(), replica: open() };
  step = apiOf(await asServiceAccount(admin, api, site.namespace, WORKFLOW_SERVICE_ACCOUNT));
  await server.store.start();
});
afterAll(async () => {
  await server?.store.close();
  await server?.replica.close();
});

type Attempt = [what: string, attempt: (api: Api) => Promise<Answer>];

function core(namespace = site.namespace): string {
  return `/api/v1/namespaces/${namespace}`;
}
function argo(namespace = site.namespace): string {
  return `/apis/argoproj.io/v1alpha1/namespaces/${namespace}`;
}
function machinePath({ namespace, machine }: Site = site): string {
  return MACHINES.path(namespace, machine);
}
function workflow({ namespace }: Site = site): object {
  const spec = { workflowTemplateRef: { name: 'refit-steps-0-1-0', clusterScope: true } };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Workflow',
    metadata: { name: 'other', namespace },
    spec,
  };
}

describe('the manifests', () => {
  it("run the server's pod under the restricted Pod Security Standard of its namespace", async () => {
    const template = at(
      manifests.find(({ kind }) => kind === 'Deployment'),
      'spec',
      'template',
    ) as JsonObject;
    const spec = template['spec'] as JsonObject;
    const pod = { metadata: { ...(template['metadata'] as JsonObject), name: 'server' }, spec };
    const target = `${core(SERVER_NAMESPACE)}/pods?dryRun=All`;
    await expectOk(api.create(target, pod));
    const privileged = { ...pod, spec: { ...spec, hostPID: true } };
    expect((await api.create(target, privileged)).status).toBe(403);
  });
});

/** Its uid is not known to the server. */
const policyEvent: EventInput = {
  ...{ kind: 'ConfigMap', namespace: SERVER_NAMESPACE, name: POLICY_CONFIG_MAP },
  ...{ type: 'Warning', reason: 'PolicyInvalid', message: 'by a test' },
};

describe('the server', () => {
  it('may do everything that its store does', async () => {
    const { store, replica } = server;
    await eventually('store ready', () => store.ready());
    const machine = store.machine(site.namespace, site.machine) as MachineView;
    const cluster = store.cluster(site.namespace, site.cluster) as ClusterView;
    const wanted = workflowFor(site, machine, 1);
    const name = wanted.metadata?.name ?? '';
    const { namespace, uid } = machine;
    const about = { kind: 'Machine', namespace, name: machine.name, uid } as const;
    const event: EventInput = { ...about, type: 'Normal', reason: 'Tested', message: 'by a test' };

    await store.annotateMachine(machine, { 'example.com/mark': 'a' });
    expect(await store.readMachine(namespace, machine.name)).toBeDefined();
    expect(await store.createWorkflow(wanted)).toBe('created');
    expect(await store.createWorkflow(wanted)).toBe('exists');
    expect(await store.readWorkflow(namespace, name)).toBeDefined();
    expect(await store.openRollback(machine)).toBeUndefined();
    await store.stopWorkflow(namespace, name);
    // By two of them: written, then corrected; recorded, then counted.
    await store.limitWorkers(cluster, 1);
    await replica.limitWorkers(cluster, 2);
    await store.emitEvent(event);
    await replica.emitEvent(event);
    const { name: clusterName } = cluster;
    await store.emitEvent({ ...event, kind: 'Cluster', name: clusterName, uid: cluster.uid });
    await store.emitEvent(policyEvent);
  });

  it.each<Attempt>([
    ['read a Secret', (as) => as.get(`${core()}/secrets/refit-kubeconfig`)],
    ['list Secrets', (as) => as.get(`${core()}/secrets`)],
    ['read the Secrets of its own namespace', (as) => as.get(`${core(SERVER_NAMESPACE)}/secrets`)],
    ['delete a Machine', (as) => as.delete(machinePath())],
    ['replace a Machine', (as) => as.put(machinePath(), {})],
    ['change a status', (as) => as.patch(`${machinePath()}/status`, { status: {} })],
    ['change a Cluster', (as) => as.patch(CLUSTERS.path(site.namespace, site.cluster), marked)],
    ['replace a Workflow', (as) => as.put(WORKFLOWS.path(site.namespace, 'other'), workflow())],
    ['delete a Workflow', (as) => as.delete(WORKFLOWS.path(site.namespace, 'other'))],
    ['make a pod', (as) => as.create(`${core()}/pods`, {})],
    ['take another account', (as) => as.create(`${core()}/serviceaccounts/refit-workflow/token`, {})],
    [
      'make a Workflow in another namespace',
      (as) => as.create(`${argo(foreign.namespace)}/workflows`, workflow(foreign)),
    ],
    ['change a Machine in another namespace', (as) => as.patch(machinePath(foreign), marked)],
    [
      'read a KubeadmConfig in another namespace',
      (as) => as.get(`${kubeadmConfigs(foreign.namespace)}/${foreign.machine}`),
    ],
  ])('may not %s', async (_what, attempt) => {
    expect((await attempt(server.as)).status).toBe(403);
  });
});

describe('a step pod', () => {
  it.each<Attempt>([
    ['read its Machine', (as) => as.get(machinePath())],
    ['change its Machine', (as) => as.patch(machinePath(), marked)],
    ['list Machines, those of an owner', (as) => as.get(MACHINES.path(site.namespace))],
    ['read its KubeadmConfig', (as) => as.get(`${kubeadmConfigs(site.namespace)}/${site.machine}`)],
    [
      'change its KubeadmConfig',
      (as) => as.patch(`${kubeadmConfigs(site.namespace)}/${site.machine}`, marked),
    ],
    ['read a named Secret', (as) => as.get(`${core()}/secrets/audit-policy`)],
    ['tell an Event', (as) => as.create(EVENTS.path(site.namespace), eventOf(site))],
    ["report to Argo's controller", (as) => as.create(`${argo()}/workflowtaskresults`, taskResult)],
    [
      'correct its report',
      (as) => as.patch(`${argo()}/workflowtaskresults/${taskResult.metadata.name}`, marked),
    ],
  ])('may %s', async (_what, attempt) => {
    await expectOk(attempt(step));
  });

  it.each<Attempt>([
    ['read a Secret that is not named', (as) => as.get(`${core()}/secrets/refit-kubeconfig`)],
    ['list Secrets', (as) => as.get(`${core()}/secrets`)],
    ['change a named Secret', (as) => as.patch(`${core()}/secrets/audit-policy`, marked)],
    ['make a Workflow', (as) => as.create(`${argo()}/workflows`, workflow())],
    ['read Workflows', (as) => as.get(`${argo()}/workflows`)],
    ['delete a Machine', (as) => as.delete(machinePath())],
    ['list Machines of another namespace', (as) => as.get(MACHINES.path(foreign.namespace))],
    ['change a Cluster', (as) => as.patch(CLUSTERS.path(site.namespace, site.cluster), marked)],
    ['list KubeadmConfigs', (as) => as.get(kubeadmConfigs(site.namespace))],
    ['change a Machine in another namespace', (as) => as.patch(machinePath(foreign), marked)],
    ['make a pod', (as) => as.create(`${core()}/pods`, {})],
    ['read the image map by the API', (as) => as.get(`${core()}/configmaps/refit-image-map`)],
  ])('may not %s', async (_what, attempt) => {
    expect((await attempt(step)).status).toBe(403);
  });
});

const taskResult = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'WorkflowTaskResult',
  metadata: { name: 'refit-test-1', labels: { 'workflows.argoproj.io/workflow': 'other' } },
  phase: 'Succeeded',
};

function eventOf({ namespace, machine: name }: Site) {
  const involvedObject = { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Machine', namespace, name };
  return { metadata: { name: 'step.1', namespace }, involvedObject, reason: 'Tested', type: 'Normal' };
}
