// Workers whose configuration changes, and not their version.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { declareCluster, type LabCluster, type Workers } from '../kit/cluster.ts';
import { withWorkers } from '../kit/edits.ts';
import { owners } from '../kit/owners.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { inPlace, summaries } from '../kit/summary.ts';
import { appliedTo } from '../kit/workload.ts';

let cluster: LabCluster = {
  name: 'tuned',
  controlPlane: { replicas: 1, version: 'v1.34.3' },
  workers: [{ name: 'tuned-workers', replicas: 2, version: 'v1.34.3', maxUnavailable: 2, auditPolicy: true }],
};

let site: Site;
beforeAll(async () => {
  site = await siteWith('worker-configuration', cluster);
});
afterAll(() => site?.leave());

it.each<[string, Partial<Workers>]>([
  ['files', { files: { '/etc/sysctl.d/99-lab.conf': 'vm.max_map_count = 262144\n' } }],
  ['kubelet arguments', { kubeletExtraArgs: { 'max-pods': '200' } }],
])('a change of %s is made in place', async (_what, change) => {
  const before = await summaries(site, cluster, 'worker');
  cluster = withWorkers(cluster, change);
  await declareCluster(site, cluster);
  await settled(site, cluster);

  expect(await summaries(site, cluster, 'worker')).toEqual(before.map((one) => inPlace(one)));
  for (const machine of before) {
    expect((await appliedTo(site, cluster.name, machine))?.count).toBe(machine.workflows.length + 1);
  }
  const [, deployment] = await owners(site, cluster.name);
  expect(deployment?.status.upToDateReplicas).toBe(2);
});
