import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { knownExternal, type ExternalRecord } from '../../../src/api/external-record.ts';
import { systemClock } from '../../../src/cli/clock.ts';
import { createEditGuard } from '../../../src/hook/external/edit-guard.ts';
import { startExternal } from '../../../src/hook/external/external-server.ts';
import type { ExternalServer } from '../../../src/hook/external/https.ts';
import { kubernetesStore } from '../../../src/hook/kubernetes/store.ts';
import { silent } from '../../../src/hook/log.ts';
import { createMetrics } from '../../../src/hook/metrics.ts';
import type { Store } from '../../../src/hook/store.ts';
import { selfSignedTls } from '../../../src/hook/tls.ts';
import { createApiClient, type ApiClient } from '../../../src/kubernetes/api-client.ts';
import { texts } from '../../../src/kubernetes/fields.ts';
import { eventually } from '../../helpers/eventually.ts';
import { controlPlane, FROM, TO } from '../../helpers/external.ts';
import { ExternalSite, held } from '../../helpers/external-site.ts';
import { imageMap, policyOf } from '../../helpers/requests.ts';

const WORKFLOWS = '/apis/argoproj.io/v1alpha1/workflows';
const clock = systemClock();
let site: ExternalSite;
let store: Store;
let client: ApiClient;
let server: ExternalServer;
let stop: AbortController;

beforeEach(async () => {
  site = new ExternalSite();
  await site.start();
  const kubeConfig = site.management.kubeConfig();
  client = createApiClient(kubeConfig, clock);
  store = kubernetesStore({ kubeConfig, clock, log: silent });
  await store.start();
  stop = new AbortController();
  const policy = policyOf({ imageMap: imageMap(FROM, TO) });
  server = startExternal(
    {
      ...{ client, store, clock, log: silent, metrics: createMetrics(() => []), policy: () => policy },
      ...{ announce: () => undefined, guard: createEditGuard({ store, clock }), version: '0.1.0' },
      tls: await selfSignedTls(new Date()),
    },
    stop.signal,
  );
});
afterEach(async () => {
  stop.abort();
  await Promise.all([server.close(), store.close(), client.close()]);
  await site.stop();
});

function record(): ExternalRecord | undefined {
  return knownExternal(texts(site.get('KubeadmControlPlane', 'edge-cp'), 'metadata', 'annotations'));
}

it('an owner that the webhook paused is brought on, and ended when its Workflow is gone, without being asked', async () => {
  await eventually('store ready', () => store.ready());
  site.withControlPlane(held(controlPlane(), { state: 'requested' }));
  await eventually('running', () => record()?.state === 'running', 30);
  const name = record()?.workflow ?? '';
  site.management.data.delete({ collection: WORKFLOWS, namespace: 'site', name });
  await eventually('failed', () => record()?.state === 'failed', 60);
  expect(site.annotation('KubeadmControlPlane', 'edge-cp', 'cluster.x-k8s.io/paused')).toBe('capi-refit.io');
});
