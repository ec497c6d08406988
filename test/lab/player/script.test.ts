import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/cli/clock.ts';
import { createApiClient, type ApiClient } from '../../../src/kubernetes/api-client.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { ApiServer } from '../../helpers/api-server.ts';
import { until } from '../../helpers/until.ts';
import { configMapScript, type Script } from './script.ts';

const PLACE = { collection: '/api/v1/configmaps', namespace: 'lab-1', name: 'lab-player' };
const scene = { namespace: 'lab-1', machine: 'cp-1', step: 'kubeadm' } as const;
const signal = new AbortController().signal;
const clock = systemClock(200);
let server: ApiServer;
let client: ApiClient;
let script: Script;

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  client = createApiClient(server.kubeConfig(), systemClock());
  script = configMapScript(client, clock);
});
afterEach(async () => {
  await client.close();
  await server.stop();
});

function write(data: Record<string, object>): void {
  const texts = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, JSON.stringify(value)]));
  if (server.data.get(PLACE)) server.data.patch(PLACE, { data: texts });
  else server.data.create(PLACE, { metadata: { name: PLACE.name }, data: texts });
}

describe('the script of a story', () => {
  it('lets steps go well that it does not name, also when there is none', async () => {
    await script.obey(scene, signal);
    write({ default: { kubelet: { fail: 'no' } }, 'cp-2': { kubeadm: { fail: 'no' } } });
    await script.obey(scene, signal);
  });

  it('fails a step so often, counted down where another player finds it', async () => {
    write({ default: { kubeadm: { fail: 'no space left', times: 2 } } });
    const failure = { reason: 'Failed', message: 'no space left' };
    await expect(script.obey(scene, signal)).rejects.toMatchObject(failure);
    await expect(configMapScript(client, clock).obey(scene, signal)).rejects.toMatchObject(failure);
    await script.obey(scene, signal);
    const left = text(server.data.get(PLACE), 'data', 'default') ?? '';
    expect(JSON.parse(left)).toEqual({ kubeadm: { fail: 'no space left', times: 0 } });
  });

  it('takes what is said of a Machine before what is said of all', async () => {
    write({ 'cp-1': { kubeadm: { seconds: 0 } }, default: { kubeadm: { fail: 'no' } } });
    await script.obey(scene, signal);
    await expect(script.obey({ ...scene, machine: 'cp-2' }, signal)).rejects.toMatchObject({ message: 'no' });
  });

  it('holds a step until it does no longer say so, or the pod is told to stop', async () => {
    write({ 'cp-1': { kubeadm: { holdWhile: true } } });
    const stop = new AbortController();
    const ended: string[] = [];
    const held = script.obey(scene, signal).then(() => ended.push('held'));
    const stopped = script.obey(scene, stop.signal).then(() => ended.push('stopped'));
    await until(() => server.count('get') > 6);
    expect(ended).toEqual([]);
    stop.abort();
    await stopped;
    expect(ended).toEqual(['stopped']);
    write({ 'cp-1': {} });
    await held;
  });

  it('says what is wrong with it', async () => {
    write({ default: { kubadm: { fail: 'no' } } });
    const wrong = script.obey(scene, signal);
    await expect(wrong).rejects.toThrow('ConfigMap lab-player: default: got {"kubadm"');
    await expect(wrong).rejects.toMatchObject({ reason: 'BadInput' });
  });
});
