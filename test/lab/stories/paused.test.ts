// A Cluster that is paused in the middle of an operation: what runs on the node ends, and nothing else begins.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { withWorkers } from '../kit/edits.ts';
import { machineAt } from '../kit/held.ts';
import { owners } from '../kit/owners.ts';
import { play } from '../kit/script.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { machines } from '../kit/state.ts';
import { inPlace, summaries } from '../kit/summary.ts';

const cluster = withTwoWorkers('paused');
const upgraded = withWorkers(cluster, { version: 'v1.34.3' });
/** Not paused: when its workers are done, those of the other one would have been, too. */
const witness = withTwoWorkers('witness');

let site: Site;
beforeAll(async () => {
  site = await siteWith('paused', cluster, witness);
});
afterAll(() => site?.leave());

it('waits until it is released, then ends in place', async () => {
  const before = await summaries(site, cluster, 'worker');
  await play(site, { default: { kubelet: { holdWhile: true } } });
  await declareCluster(site, upgraded);
  const { name } = await machineAt(site, cluster, 'kubelet');

  await declareCluster(site, { ...upgraded, paused: true });
  await eventually('CAPI leaves all its Machines alone', async () => {
    const present = await machines(site, cluster.name);
    return present.every(({ conditions }) => conditions['Paused']?.status === 'True');
  });
  await play(site, {});
  await declareCluster(site, withWorkers(witness, { version: 'v1.34.3' }));
  await settled(site, withWorkers(witness, { version: 'v1.34.3' }));

  // Refit has brought its operation to an end, which CAPI does not know yet; the other machine has not begun.
  expect(await summaries(site, cluster, 'worker')).toEqual(
    before.map((one) => {
      if (one.name !== name) return { ...one, conditions: { ...one.conditions, UpToDate: 'False' } };
      const { operation, workflows } = inPlace(one, 'v1.34.3');
      const conditions = { Ready: 'False', Available: 'False', UpToDate: 'False', Updating: 'True' };
      return { ...one, version: 'v1.34.3', conditions, operation, workflows };
    }),
  );

  await declareCluster(site, upgraded);
  await settled(site, upgraded);
  expect(await summaries(site, upgraded, 'worker')).toEqual(before.map((one) => inPlace(one, 'v1.34.3')));
  const [, deployment] = await owners(site, cluster.name);
  expect(deployment).toMatchObject({ version: 'v1.34.3', status: { upToDateReplicas: 2 } });
});

function withTwoWorkers(name: string): LabCluster {
  return {
    name,
    controlPlane: { replicas: 1, version: 'v1.34.3' },
    workers: [{ name: `${name}-workers`, replicas: 2, version: 'v1.33.7' }],
  };
}
