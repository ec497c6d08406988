// A Cluster from a ClusterClass, upgraded by the version of its topology.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { withVersion } from '../kit/edits.ts';
import { owners } from '../kit/owners.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { inPlace, summaries } from '../kit/summary.ts';

const cluster: LabCluster = {
  name: 'classy',
  topology: true,
  controlPlane: { replicas: 3, version: 'v1.33.7' },
  workers: [{ name: 'pool', replicas: 1, version: 'v1.33.7' }],
};
const upgraded = withVersion(cluster, 'v1.34.3');

let site: Site;
beforeAll(async () => {
  site = await siteWith('cluster-class', cluster);
});
afterAll(() => site?.leave());

it('is upgraded in place: the control plane, then the workers', async () => {
  const before = await summaries(site, cluster);
  await declareCluster(site, upgraded);
  await settled(site, upgraded);

  expect(await summaries(site, upgraded)).toEqual(before.map((one) => inPlace(one, 'v1.34.3')));
  expect(await owners(site, cluster.name)).toMatchObject([
    { kind: 'KubeadmControlPlane', version: 'v1.34.3', status: { upToDateReplicas: 3 } },
    { kind: 'MachineDeployment', version: 'v1.34.3', status: { upToDateReplicas: 1 } },
  ]);
});
