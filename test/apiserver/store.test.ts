// What a stand-in for the API server cannot show: schemas, subresources, real versions, conflicts and admission.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../src/api/json.ts';
import { systemClock } from '../../src/cli/clock.ts';
import { concurrencyConfigMapName } from '../../src/generators/names.ts';
import { stepTemplates } from '../../src/generators/step-templates.ts';
import { at, list } from '../../src/kubernetes/fields.ts';
import * as resources from '../../src/hook/kubernetes/resources.ts';
import { kubernetesStore } from '../../src/hook/kubernetes/store.ts';
import { silent } from '../../src/hook/log.ts';
import type { Change, ClusterView, EventInput, MachineView } from '../../src/hook/store.ts';
import { eventually } from '../helpers/eventually.ts';
import { apiOf, expectOk, kubeConfigOf } from './api.ts';
import { createSite, type Site, STRICT, workflowFor } from './site.ts';

const { CONFIG_MAPS, EVENTS, MACHINES, WORKFLOWS } = resources;
const kubeConfig = kubeConfigOf(process.env['REFIT_TEST_KUBECONFIG'] ?? '');
const api = apiOf(kubeConfig);
const open = () => kubernetesStore({ kubeConfig, clock: systemClock(), log: silent });
const [store, replica] = [open(), open()];
const changes: Change[] = [];
let site: Site;

beforeAll(async () => {
  site = await createSite(api);
  store.onChange((change) => changes.push(change));
  await store.start();
  await eventually('store ready', () => store.ready());
});
afterAll(async () => {
  await store.close();
  await replica.close();
});

function machine(): MachineView {
  return store.machine(site.namespace, site.machine) as MachineView;
}
function cluster(): ClusterView {
  return store.cluster(site.namespace, site.cluster) as ClusterView;
}

describe('caches', () => {
  it('show what was there before they started', () => {
    expect(cluster().labels).toEqual({ 'capi-refit.io/strategy': 'in-place' });
    expect(machine()).toMatchObject({
      cluster: site.cluster,
      deleting: false,
      version: 'v1.34.3',
      nodeName: site.machine,
      kubeletVersion: 'v1.33.7',
      nodeReady: true,
    });
  });

  it('follow a change of the status subresource, and tell of it', async () => {
    const status = { status: { conditions: [] } };
    changes.length = 0;
    await expectOk(api.patch(`${MACHINES.path(site.namespace, site.machine)}/status`, status));
    await eventually('condition gone', () => machine().nodeReady === undefined);
    // Test files that run beside this one have Machines of the same name in namespaces of their own.
    const own = changes.filter((one) => one.kind === 'Machine' && one.machine.namespace === site.namespace);
    expect(own).toEqual([{ kind: 'Machine', machine: machine() }]);
  });

  it('show a Machine that is being deleted, and forget it when its finalizer is gone', async () => {
    const { desired } = site.request as { desired: { machine: { metadata: JsonObject } } };
    const metadata = { ...desired.machine.metadata, name: 'short-lived', finalizers: ['example.com/wait'] };
    await expectOk(api.create(MACHINES.path(site.namespace), { ...desired.machine, metadata }));
    const seen = () => store.machine(site.namespace, 'short-lived');
    await eventually('seen', () => seen() !== undefined);
    await expectOk(api.delete(MACHINES.path(site.namespace, 'short-lived')));
    await eventually('deleting', () => seen()?.deleting === true);
    await expectOk(
      api.patch(MACHINES.path(site.namespace, 'short-lived'), { metadata: { finalizers: null } }),
    );
    await eventually('gone', () => seen() === undefined);
  });
});

describe('annotateMachine', () => {
  it('sets and removes annotations, keeps the others, and shows it at once', async () => {
    const key = 'example.com/mark';
    const before = machine();
    const marked = await store.annotateMachine(before, { [key]: 'a' });
    expect(machine()).toEqual(marked);
    expect(marked.annotations).toEqual({ ...before.annotations, [key]: 'a' });
    expect((await store.annotateMachine(marked, { [key]: null })).annotations).toEqual(before.annotations);
  });

  it('is a Conflict when the Machine changed since', async () => {
    const stale = machine();
    await store.annotateMachine(stale, { 'example.com/mark': 'b' });
    await expect(store.annotateMachine(stale, { 'example.com/mark': 'c' })).rejects.toMatchObject({
      reason: 'Conflict',
    });
    expect((await store.readMachine(site.namespace, site.machine))?.annotations['example.com/mark']).toBe(
      'b',
    );
  });

  it('is NotFound for a Machine that is gone', async () => {
    await expect(store.annotateMachine({ ...machine(), name: 'gone' }, { a: 'b' })).rejects.toMatchObject({
      reason: 'NotFound',
    });
  });
});

describe('Workflows', () => {
  it('pass the full schema of Argo, as the step templates do', async () => {
    const templates = stepTemplates({
      version: '0.0.0-strict',
      image: `example.com/refit@sha256:${'0'.repeat(64)}`,
    });
    const workflow = workflowFor(site, machine(), 1);
    const target = '/apis/argoproj.io/v1alpha1/clusterworkflowtemplates';
    await expectOk(api.create(`${target}${STRICT}&dryRun=All`, templates));
    await expectOk(api.create(`${WORKFLOWS.path(site.namespace)}${STRICT}&dryRun=All`, workflow));
    const wrong = { ...workflow, spec: { ...workflow.spec, onExti: 'finish' } };
    const refused = await api.create(`${WORKFLOWS.path(site.namespace)}${STRICT}&dryRun=All`, wrong);
    expect(refused).toMatchObject({ status: 400, body: { message: expect.stringContaining('spec.onExti') } });
  });

  it('are created once: then they exist', async () => {
    const workflow = workflowFor(site, machine(), 2);
    expect(await store.createWorkflow(workflow)).toBe('created');
    expect(store.workflow(site.namespace, workflow.metadata?.name ?? '')).toBeDefined();
    expect(await store.createWorkflow(workflow)).toBe('exists');
    const { items = [] } = await expectOk(api.get(WORKFLOWS.path(site.namespace)));
    expect(items).toHaveLength(1);
  });

  it('are BadInput when the schema refuses them', async () => {
    const workflow = workflowFor(site, machine(), 3);
    const spec = { ...workflow.spec, priority: 0.5 };
    await expect(store.createWorkflow({ ...workflow, spec })).rejects.toMatchObject({ reason: 'BadInput' });
  });

  it('keep everything else when they are stopped', async () => {
    const workflow = workflowFor(site, machine(), 4);
    const name = workflow.metadata?.name ?? '';
    const path = WORKFLOWS.path(site.namespace, name);
    await store.createWorkflow(workflow);
    // What Argo's controller writes meanwhile.
    const nodes = { [name]: { id: name, name, displayName: name, type: 'DAG', phase: 'Running' } };
    const status = { phase: 'Running', nodes, startedAt: '2026-01-01T00:00:00Z' };
    const written = { metadata: { annotations: { 'example.com/by': 'argo' } }, status };
    const before = await expectOk(api.patch(path, written));
    await store.stopWorkflow(site.namespace, name);
    const after = await expectOk(api.get(path));
    expect(at(after, 'spec')).toEqual({ ...(at(before, 'spec') as JsonObject), shutdown: 'Stop' });
    expect(at(after, 'status')).toEqual(at(before, 'status'));
    for (const field of ['annotations', 'labels', 'ownerReferences']) {
      expect(at(after, 'metadata', field)).toEqual(at(before, 'metadata', field));
    }
    expect(store.workflow(site.namespace, name)?.stopping).toBe(true);
    expect((await store.readWorkflow(site.namespace, name))?.stopping).toBe(true);
  });

  it('may be gone when they are stopped or read', async () => {
    await store.stopWorkflow(site.namespace, 'gone');
    expect(await store.readWorkflow(site.namespace, 'gone')).toBeUndefined();
  });
});

describe('limitWorkers', () => {
  it('writes the ConfigMap of the semaphore, owned by the Cluster, and corrects it', async () => {
    const path = CONFIG_MAPS.path(site.namespace, concurrencyConfigMapName(site.cluster));
    await store.limitWorkers(cluster(), 2);
    const created = await expectOk(api.get(path));
    expect(created['data']).toEqual({ workers: '2' });
    expect(list(created, 'metadata', 'ownerReferences')).toMatchObject([{ uid: cluster().uid }]);
    await replica.limitWorkers(cluster(), 3);
    expect((await expectOk(api.get(path)))['data']).toEqual({ workers: '3' });
  });
});

describe('emitEvent', () => {
  it('is counted when another replica tells the same', async () => {
    const event: EventInput = {
      ...{ kind: 'Machine', namespace: site.namespace, name: site.machine, uid: machine().uid },
      ...{ type: 'Warning', reason: 'InPlaceUpdateBlocked', message: 'not covered in place: /spec/x' },
    };
    await store.emitEvent(event);
    await replica.emitEvent(event);
    const { items } = await expectOk(
      api.get(`${EVENTS.path(site.namespace)}?fieldSelector=reason=${event.reason}`),
    );
    const { uid } = machine();
    expect(items).toMatchObject([
      { count: 2, type: 'Warning', message: event.message, involvedObject: { uid } },
    ]);
  });
});
