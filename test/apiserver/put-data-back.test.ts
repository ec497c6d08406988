// A flip is taken back with etcd's data while a client watches: what it knows in the end is what there is.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import {
  CoreV1Api,
  makeInformer,
  type Informer,
  type ObjectCache,
  type V1ConfigMap,
} from '@kubernetes/client-node';
import { at, list, text, texts } from '../../src/kubernetes/fields.ts';
import { copyData } from '../../src/steps/node/flip/etcd-data.ts';
import { etcdCopy } from '../../src/steps/node/flip/flip-folder.ts';
import { putDataBack } from '../../src/steps/node/flip/restore-data.ts';
import { eventually } from '../helpers/eventually.ts';
import { apiOf, expectOk, kubeConfigOf, type Api } from './api.ts';
import { DATA_FOLDER, OPERATION, startFlippedEtcd, type FlippedEtcd } from './flipped-etcd.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const WATCH_SECONDS = 3;

let site: FlippedEtcd;
let api: Api;
let informer: Informer<V1ConfigMap> & ObjectCache<V1ConfigMap>;
let isOver = false;
/** Of the newest object that the client saw of the new API server. */
let seen = '';

beforeAll(async () => {
  site = await startFlippedEtcd();
  const kubeConfig = kubeConfigOf(site.kubeconfigPath);
  api = apiOf(kubeConfig);
  const core = kubeConfig.makeApiClient(CoreV1Api);
  informer = makeInformer(kubeConfig, MAPS, () => core.listNamespacedConfigMap({ namespace: 'default' }));
  informer.on('error', () => {
    if (!isOver) setTimeout(() => void informer.start(), 200);
  });
}, 180_000);
afterAll(async () => {
  isOver = true;
  await informer?.stop();
  await site?.stop();
});

const put = (name: string, value: string) =>
  expectOk(api.create(MAPS, { metadata: { name }, data: { value } }));

function known(): Record<string, string> {
  return valuesOf(informer.list().map(({ metadata, data }) => [metadata?.name, data?.['value']]));
}

async function present(): Promise<Record<string, string>> {
  const all = list(await expectOk(api.get(MAPS)), 'items');
  return valuesOf(all.map((map) => [text(map, 'metadata', 'name'), texts(map, 'data')['value']]));
}

/** The API server makes one of its own, in a time of its own. */
function valuesOf(
  pairs: readonly (readonly [string | undefined, string | undefined])[],
): Record<string, string> {
  const ours = pairs.filter(([name]) => name !== 'kube-root-ca.crt');
  return Object.fromEntries(ours.map(([name = '', value = '']): [string, string] => [name, value]).sort());
}

/** The code of the error that a watch from there is answered with; undefined: nothing comes. */
async function watchFrom(resourceVersion: string): Promise<unknown> {
  const query = `watch=true&resourceVersion=${resourceVersion}&timeoutSeconds=${WATCH_SECONDS}`;
  const { status, body } = await api.get(`${MAPS}?${query}`).catch((error: Error) => {
    expect(error.message).toMatch(/got , expected JSON$/);
    return { status: 200, body: {} };
  });
  return status === 200 ? at(body, 'object', 'code') : status;
}

it('copies data that the old etcd left whole, for the new one to go on', async () => {
  await put('changed', 'old');
  await put('deleted', 'old');
  await site.end();
  await copyData(site.host, OPERATION, DATA_FOLDER);
  await site.start('new');
  await informer.start();
  await put('new', 'new');
  await expectOk(api.patch(`${MAPS}/changed`, { data: { value: 'new' } }));
  await expectOk(api.delete(`${MAPS}/deleted`));
  await eventually('new seen', () => JSON.stringify(known()) === '{"changed":"new","new":"new"}');
  seen = text(await expectOk(api.get(MAPS)), 'metadata', 'resourceVersion') ?? '';
}, 180_000);

it('would leave a client with what is gone if the copy were put back as it is', async () => {
  await site.end();
  const [member, copy] = [`${DATA_FOLDER}/member`, `${etcdCopy(OPERATION)}/member`].map((folder) =>
    path.join(site.host.root, folder),
  ) as [string, string];
  rmSync(member, { recursive: true });
  cpSync(copy, member, { recursive: true });
  await site.start('old');
  expect(await present()).toEqual({ changed: 'old', deleted: 'old' });
  expect(await watchFrom(seen)).toBeUndefined();
  expect(known()).toEqual({ changed: 'new', new: 'new' });
}, 180_000);

it('tells a client that what it saw is gone, which then has exactly what there is', async () => {
  await site.end();
  await putDataBack(site.host, OPERATION, DATA_FOLDER);
  await site.start('old');
  expect(await present()).toEqual({ changed: 'old', deleted: 'old' });
  expect(await watchFrom(seen)).toBe(410);
  await eventually('known', () => JSON.stringify(known()) === '{"changed":"old","deleted":"old"}', 60);
  const now = text(await expectOk(api.get(MAPS)), 'metadata', 'resourceVersion');
  expect(Number(now)).toBeGreaterThan(Number(seen) + 900_000_000);
}, 180_000);

it('goes on from there: writes are taken and seen, after a restart too', async () => {
  await put('later', 'old');
  await eventually('later seen', () => known()['later'] === 'old');
  await site.end();
  await site.start('old');
  expect(await present()).toEqual({ changed: 'old', deleted: 'old', later: 'old' });
}, 180_000);
