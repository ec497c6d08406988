import { expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { EXTERNAL_STATES, writeExternal } from '../../../src/api/external-record.ts';
import { registerOwnerMetrics } from '../../../src/hook/external/owner-metrics.ts';
import type { OwnerView } from '../../../src/hook/external/owners.ts';

it('names the owners that are held, as long as they are there, and none that was given back', async () => {
  const bare = { ...owner('fresh'), annotations: {} };
  const given = { ...owner('failed'), name: 'given-back' };
  given.annotations = { ...given.annotations, 'cluster.x-k8s.io/paused': 'me' };
  const owners = [...EXTERNAL_STATES.map(owner), bare, given];
  const registry = new Registry();
  registerOwnerMetrics(registry, () => owners);
  const labels = (state: string) => ({ namespace: 'lab', kind: 'MachineDeployment', owner: state, state });
  expect(await samples(registry)).toEqual(
    ['requested', 'declined', 'running', 'failed'].map((state) => ({ labels: labels(state), value: 1 })),
  );
  owners.length = 0;
  expect(await samples(registry)).toEqual([]);
});

function owner(name: string): OwnerView {
  const state = EXTERNAL_STATES.find((candidate) => candidate === name) ?? 'running';
  const record = writeExternal({ version: 1, number: 1, state, to: 'v1.34.3' });
  const annotations = { ...record, 'cluster.x-k8s.io/paused': 'capi-refit.io' };
  return { kind: 'MachineDeployment', namespace: 'lab', name, uid: 'u', annotations };
}

async function samples(registry: Registry) {
  const metric = await registry.getSingleMetric('refit_owner_upgrade')?.get();
  return metric?.values.map(({ labels, value }) => ({ labels, value }));
}
