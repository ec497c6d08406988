// A desired state that was had before: it is not taken for done.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { withWorkers } from '../kit/edits.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { inPlace, summaries } from '../kit/summary.ts';
import { appliedTo } from '../kit/workload.ts';

const cluster: LabCluster = {
  name: 'swinging',
  controlPlane: { replicas: 1, version: 'v1.34.3' },
  workers: [{ name: 'swinging-workers', replicas: 1, version: 'v1.34.3' }],
};
const states = { A: contentOf('a'), B: contentOf('b') };

let site: Site;
beforeAll(async () => {
  site = await siteWith('back-and-forth', states.A);
});
afterAll(() => site?.leave());

it('from A to B to A to B is work each time, in a Workflow of its own', async () => {
  const digests: unknown[] = [];
  for (const [count, to] of [states.B, states.A, states.B].entries()) {
    const before = await summaries(site, cluster, 'worker');
    await declareCluster(site, to);
    await settled(site, to);

    expect(await summaries(site, cluster, 'worker')).toEqual(before.map((one) => inPlace(one)));
    const applied = await appliedTo(site, cluster.name, { name: before[0]?.name ?? '' });
    expect(applied?.count).toBe(count + 1);
    digests.push(applied?.desired);
  }
  expect(new Set(digests).size).toBe(2);
  expect(digests[2]).toBe(digests[0]);
});

function contentOf(content: string): LabCluster {
  return withWorkers(cluster, { files: { '/etc/kubernetes/lab.conf': content } });
}
