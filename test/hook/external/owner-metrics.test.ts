import { expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { EXTERNAL_STATES, writeExternal } from '../../../src/api/external-record.ts';
import { registerOwnerMetrics } from '../../../src/hook/external/owner-metrics.ts';
import type { OwnerView } from '../../../src/hook/external/owners.ts';

it('names the owners that are held or failed, as long as they are there', async () => {
  const bare = { ...owner('fresh'), annotations: {} };
  const owners = [...EXTERNAL_STATES.map(owner), bare];
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
  const annotations = writeExternal({ version: 1, number: 1, state, to: 'v1.34.3' });
  return { kind: 'MachineDeployment', namespace: 'lab', name, uid: 'u', annotations };
}

async function samples(registry: Registry) {
  const metric = await registry.getSingleMetric('refit_owner_upgrade')?.get();
  return metric?.values.map(({ labels, value }) => ({ labels, value }));
}
