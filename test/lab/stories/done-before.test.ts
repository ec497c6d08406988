// What was done before is not taken for done now: a desired state that was had before, a Machine with an earlier one's
// name.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { withDeployment } from '../kit/edits.ts';
import { makeAgain } from '../kit/same-name.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { machines } from '../kit/state.ts';
import { inPlace, summariesOf } from '../kit/summary.ts';
import { appliedTo } from '../kit/workload.ts';

/** As it is between two stories; each changes it. */
let cluster: LabCluster = {
  name: 'again',
  controlPlane: { replicas: 1, version: 'v1.34.3' },
  workers: [
    { name: 'swinging', replicas: 1, version: 'v1.34.3', files: contentOf('A') },
    { name: 'namesake', replicas: 1, version: 'v1.34.3' },
  ],
};

let site: Site;
beforeAll(async () => {
  site = await siteWith('done-before', cluster);
});
afterAll(() => site?.leave());

it('from A to B to A to B is work each time, in a Workflow of its own', async () => {
  const digests: unknown[] = [];
  for (const [count, content] of ['B', 'A', 'B'].entries()) {
    const before = await summariesOf(site, cluster, 'swinging');
    await update('swinging', content);

    expect(await summariesOf(site, cluster, 'swinging')).toEqual(before.map((one) => inPlace(one)));
    const applied = await appliedTo(site, cluster.name, { name: before[0]?.name ?? '' });
    expect(applied?.count).toBe(count + 1);
    digests.push(applied?.desired);
  }
  expect(new Set(digests).size).toBe(2);
  expect(digests[2]).toBe(digests[0]);
});

it('a Machine with the name of an earlier one begins with its own first operation, in a Workflow of its own', async () => {
  await update('namesake', 'one');
  const [{ name, uid } = { name: '', uid: '' }] = await summariesOf(site, cluster, 'namesake');
  const [first] = (await machines(site, cluster.name)).filter((machine) => machine.uid === uid);
  if (first === undefined) throw new Error('no worker');
  await makeAgain(site, first);
  await settled(site, cluster);

  const before = await summariesOf(site, cluster, 'namesake');
  expect(before).toMatchObject([{ name, operation: undefined, workflows: [] }]);
  expect(before[0]?.uid).not.toBe(uid);
  await update('namesake', 'two');
  expect(await summariesOf(site, cluster, 'namesake')).toEqual(before.map((one) => inPlace(one)));
  expect((await appliedTo(site, cluster.name, first))?.count).toBe(1);
});

async function update(deployment: string, content: string): Promise<void> {
  cluster = withDeployment(cluster, deployment, { files: contentOf(content) });
  await declareCluster(site, cluster);
  await settled(site, cluster);
}

function contentOf(content: string): Record<string, string> {
  return { '/etc/kubernetes/lab.conf': content };
}
