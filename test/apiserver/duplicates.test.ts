// Three replicas that are asked the same thing a thousand times at once do it once.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readRecord } from '../../src/api/operation.ts';
import { systemClock } from '../../src/cli/clock.ts';
import { hookPath, HOOKS } from '../../src/hook/hooks.ts';
import { EVENTS, WORKFLOWS } from '../../src/hook/kubernetes/resources.ts';
import { list, text } from '../../src/kubernetes/fields.ts';
import { kubernetesStore } from '../../src/hook/kubernetes/store.ts';
import { silent } from '../../src/hook/log.ts';
import { createRefitServer } from '../../src/hook/refit-server.ts';
import type { MachineView } from '../../src/hook/store.ts';
import { selfSignedTls } from '../../src/hook/tls.ts';
import { operationName } from '../../src/api/names.ts';
import { eventually } from '../helpers/eventually.ts';
import { call } from '../helpers/https.ts';
import { apiOf, expectOk, kubeConfigOf } from './api.ts';
import { createSite, policy, type Site, VERSION } from './site.ts';

const REPLICAS = 3;
const CALLS = 1000;
const AT_ONCE = 100;
const path = HOOKS.filter(({ hook }) => hook === 'UpdateMachine').map(hookPath)[0] ?? '';

interface Replica {
  store: ReturnType<typeof kubernetesStore>;
  server: ReturnType<typeof createRefitServer>;
  port: number;
}

const kubeConfig = kubeConfigOf(process.env['REFIT_TEST_KUBECONFIG'] ?? '');
const api = apiOf(kubeConfig);
const replicas: Replica[] = [];
let site: Site;
let certificate: string;

beforeAll(async () => {
  site = await createSite(api);
  const tls = await selfSignedTls(new Date());
  certificate = tls.cert;
  for (let index = 0; index < REPLICAS; index += 1) {
    const clock = systemClock();
    const store = kubernetesStore({ kubeConfig, clock, log: silent });
    const server = createRefitServer({
      store,
      clock,
      log: silent,
      policy: () => policy,
      tls,
      version: VERSION,
    });
    replicas.push({ store, server, port: await server.listen('127.0.0.1', 0) });
    await store.start();
  }
  const isReady = ({ store }: Replica) =>
    store.ready() && store.machine(site.namespace, site.machine)?.nodeName;
  await eventually('replicas ready', () => replicas.every(isReady));
});
afterAll(async () => {
  for (const { server, store } of replicas) {
    await server.close();
    await store.close();
  }
});

it('makes one Workflow of 1,000 duplicate calls at once, and answers each that it is in progress', async () => {
  const answers = await inParallel(AT_ONCE, CALLS, (index) => ask(index % REPLICAS));
  const done = answers.filter(({ status, retryAfterSeconds }) => status !== 'Success' || !retryAfterSeconds);
  expect(done).toEqual([]);
  expect(answers).toHaveLength(CALLS);

  const workflows = list(await expectOk(api.get(WORKFLOWS.path(site.namespace))), 'items');
  const machine = (await replicas[0]?.store.readMachine(site.namespace, site.machine)) as MachineView;
  const name = operationName(machine, 1);
  expect(workflows.map((workflow) => text(workflow, 'metadata', 'name'))).toEqual([name]);
  expect(readRecord(machine.annotations)).toMatchObject({ number: 1, state: 'running', to: 'v1.34.3' });
});

it('tells of the start once', async () => {
  const query = '?fieldSelector=reason=InPlaceUpdateStarted';
  const started = async () => list(await expectOk(api.get(EVENTS.path(site.namespace) + query)), 'items');
  await eventually('event there', async () => (await started()).length > 0);
  expect(await started()).toMatchObject([{ count: 1 }]);
});

async function ask(replica: number): Promise<Record<string, unknown>> {
  const { port = 0 } = replicas[replica] ?? {};
  const answer = await call(port, { path, ca: certificate, body: JSON.stringify(site.request) });
  return { http: answer.status, ...answer.json() };
}

/** Results in order. */
async function inParallel<T>(
  atOnce: number,
  total: number,
  task: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < total; index = next++) results[index] = await task(index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}
