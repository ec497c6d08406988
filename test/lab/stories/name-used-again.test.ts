// A Machine that has the name of an earlier one: what was done to that one is not taken for done.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { withWorkers } from '../kit/edits.ts';
import { makeAgain } from '../kit/same-name.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { machines } from '../kit/state.ts';
import { inPlace, summaries } from '../kit/summary.ts';
import { appliedTo } from '../kit/workload.ts';

const cluster: LabCluster = {
  name: 'namesake',
  controlPlane: { replicas: 1, version: 'v1.34.3' },
  workers: [{ name: 'namesake-workers', replicas: 1, version: 'v1.34.3' }],
};

let site: Site;
beforeAll(async () => {
  site = await siteWith('name-used-again', cluster);
});
afterAll(() => site?.leave());

it('begins with its own first operation, in a Workflow of its own', async () => {
  await update('one');
  const [first] = await machines(site, cluster.name, 'worker');
  if (first === undefined) throw new Error('no worker');
  await makeAgain(site, first);
  await settled(site, withContent('one'));

  const before = await summaries(site, cluster, 'worker');
  expect(before).toMatchObject([{ name: first.name, operation: undefined, workflows: [] }]);
  expect(before[0]?.uid).not.toBe(first.uid);
  await update('two');
  expect(await summaries(site, cluster, 'worker')).toEqual(before.map((one) => inPlace(one)));
  expect((await appliedTo(site, cluster.name, first))?.count).toBe(1);
});

async function update(content: string): Promise<void> {
  await declareCluster(site, withContent(content));
  await settled(site, withContent(content));
}

function withContent(content: string): LabCluster {
  return withWorkers(cluster, { files: { '/etc/kubernetes/lab.conf': content } });
}
