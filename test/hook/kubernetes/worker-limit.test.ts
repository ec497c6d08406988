// Runs on the stand-in, and on a real API server if REFIT_TEST_KUBECONFIG is set.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ApiClient } from '../../../src/kubernetes/api-client.ts';
import { list, text, texts } from '../../../src/kubernetes/fields.ts';
import { CONFIG_MAPS } from '../../../src/hook/kubernetes/resources.ts';
import { workerLimiter } from '../../../src/hook/kubernetes/worker-limit.ts';
import type { ClusterView } from '../../../src/hook/store.ts';
import { fakeClock } from '../../helpers/clock.ts';
import { testCluster, type TestCluster } from '../../helpers/test-cluster.ts';

const clock = fakeClock();
let cluster: TestCluster;
let sent: string[] = [];
let client: ApiClient;

beforeAll(async () => {
  cluster = await testCluster(clock);
  client = {
    ...cluster.client,
    create: (path, body) => (sent.push('create'), cluster.client.create(path, body)),
    get: (path) => (sent.push('get'), cluster.client.get(path)),
    mergePatch: (path, body) => (sent.push('patch'), cluster.client.mergePatch(path, body)),
  };
});
beforeEach(() => {
  sent = [];
});
afterAll(() => cluster.close());

function sample(name: string): ClusterView {
  return { namespace: cluster.namespace, name, uid: randomUUID(), labels: {} };
}

const configMap = ({ namespace, name }: ClusterView) =>
  cluster.client.get(CONFIG_MAPS.path(namespace, `${name}-refit-concurrency`));

describe('limitWorkers', () => {
  it('writes the limit where the semaphore looks, owned by the Cluster', async () => {
    const owner = sample('a');
    await workerLimiter(client, clock)(owner, 3);
    const written = await configMap(owner);
    expect(texts(written, 'data')).toEqual({ workers: '3' });
    expect(list(written, 'metadata', 'ownerReferences')).toEqual([
      { apiVersion: 'cluster.x-k8s.io/v1beta2', kind: 'Cluster', name: 'a', uid: owner.uid },
    ]);
  });

  it('costs nothing when repeated, for 10 minutes', async () => {
    const owner = sample('b');
    const limitWorkers = workerLimiter(client, clock);
    await limitWorkers(owner, 1);
    await clock.advance(599);
    await limitWorkers(owner, 1);
    expect(sent).toEqual(['create']);
    await clock.advance(1);
    await limitWorkers(owner, 1);
    expect(sent).toEqual(['create', 'create', 'get']);
  });

  it('changes it when the policy does, also after another replica wrote it', async () => {
    const owner = sample('c');
    const limitWorkers = workerLimiter(client, clock);
    await limitWorkers(owner, 1);
    await limitWorkers(owner, 2);
    await workerLimiter(client, clock)(owner, 4);
    expect(text(await configMap(owner), 'data', 'workers')).toBe('4');
    expect(sent.filter((verb) => verb === 'patch')).toHaveLength(2);
  });

  it('takes over what a Cluster of the same name left', async () => {
    await workerLimiter(client, clock)(sample('d'), 2);
    const owner = sample('d');
    await workerLimiter(client, clock)(owner, 2);
    const owners = list(await configMap(owner), 'metadata', 'ownerReferences');
    expect(owners.map((reference) => text(reference, 'uid'))).toEqual([owner.uid]);
  });
});
