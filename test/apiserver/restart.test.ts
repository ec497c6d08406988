// An API server that goes away and comes back, with the same etcd: a control plane of its own, since others need theirs.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { systemClock } from '../../src/cli/clock.ts';
import { CLUSTERS, MACHINES, WORKFLOWS } from '../../src/hook/kubernetes/resources.ts';
import { kubernetesStore } from '../../src/hook/kubernetes/store.ts';
import { silent } from '../../src/hook/log.ts';
import type { Change, MachineView, Store } from '../../src/hook/store.ts';
import { eventually } from '../helpers/eventually.ts';
import { updateMachine } from '../helpers/requests.ts';
import { type Api, apiOf, expectOk, kubeConfigOf } from './api.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { installCrds } from './crds.ts';
import { createMachine, createSite, type Site, workflowFor } from './site.ts';

let controlPlane: ControlPlane;
let api: Api;
let site: Site;
let store: Store;
const changes: Change[] = [];

beforeAll(async () => {
  controlPlane = await startControlPlane();
  const { kubeconfigPath } = controlPlane;
  await installCrds(kubeconfigPath, [
    'clusters',
    'machines',
    'machinedeployments',
    'kubeadmconfigs',
    'workflows',
  ]);
  const kubeConfig = kubeConfigOf(kubeconfigPath);
  api = apiOf(kubeConfig);
  site = await createSite(api);
  // The shortest of the delays between attempts.
  store = kubernetesStore({ kubeConfig, clock: systemClock(), log: silent, random: () => 0 });
  store.onChange((change) => changes.push(change));
  await store.start();
  await eventually('store ready', () => store.ready());
}, 60_000);
afterAll(async () => {
  await store?.close();
  await controlPlane?.stop();
});

function machine(name = site.machine): MachineView | undefined {
  return store.machine(site.namespace, name);
}

it('answers from its caches meanwhile, and writes are Unavailable', async () => {
  await addMachine('doomed');
  await eventually('doomed seen', () => machine('doomed')?.nodeReady === true);
  const workflow = workflowFor(site, machine() as MachineView, 1);
  await store.createWorkflow(workflow);
  await controlPlane.stopApiServer();
  expect(store.ready()).toBe(true);
  expect(machine()?.kubeletVersion).toBe('v1.33.7');
  const unavailable = { reason: 'Unavailable' };
  await expect(store.annotateMachine(machine() as MachineView, { a: 'b' })).rejects.toMatchObject(
    unavailable,
  );
  await expect(store.createWorkflow(workflow)).rejects.toMatchObject(unavailable);
  await expect(store.readMachine(site.namespace, site.machine)).rejects.toMatchObject(unavailable);
});

it('misses nothing that happened until its watches are back', async () => {
  const workflow = workflowFor(site, machine() as MachineView, 1).metadata?.name ?? '';
  changes.length = 0;
  await controlPlane.startApiServer();
  await expectOk(
    api.patch(CLUSTERS.path(site.namespace, site.cluster), { metadata: { labels: { tier: 'a' } } }),
  );
  await expectOk(api.patch(MACHINES.path(site.namespace, site.machine), { spec: { version: 'v1.34.4' } }));
  await expectOk(api.patch(WORKFLOWS.path(site.namespace, workflow), { status: { phase: 'Running' } }));
  await expectOk(api.delete(MACHINES.path(site.namespace, 'doomed')));
  await addMachine('late');
  await eventually(
    'cluster follows',
    () => store.cluster(site.namespace, site.cluster)?.labels['tier'] === 'a',
    20,
  );
  await eventually('machine follows', () => machine()?.version === 'v1.34.4', 20);
  await eventually('late seen', () => machine('late')?.nodeReady === true, 20);
  await eventually('doomed gone', () => machine('doomed') === undefined, 20);
  await eventually(
    'workflow follows',
    () => store.workflow(site.namespace, workflow)?.phase === 'Running',
    20,
  );
  const told = changes.map((change) =>
    change.kind === 'Machine' ? change.machine.name : change.workflow.name,
  );
  expect(new Set(told)).toEqual(new Set([site.machine, 'late', 'doomed', workflow]));
});

it('follows on: the watches are open again', async () => {
  await expectOk(api.patch(MACHINES.path(site.namespace, site.machine), { spec: { version: 'v1.34.5' } }));
  await eventually('machine follows', () => machine()?.version === 'v1.34.5', 2);
  const marked = await store.annotateMachine(machine() as MachineView, { 'example.com/mark': 'a' });
  expect(marked.annotations['example.com/mark']).toBe('a');
});

async function addMachine(name: string): Promise<void> {
  const { machine: recorded } = updateMachine(site.request).desired;
  await createMachine(api, { ...recorded, metadata: { ...recorded.metadata, name } });
}
