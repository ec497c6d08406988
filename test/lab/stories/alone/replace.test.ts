// A change that cannot be made in place, where the policy says `replace`: the policy holds for every Cluster of a server.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { declareCluster, type LabCluster } from '../../kit/cluster.ts';
import { withWorkers } from '../../kit/edits.ts';
import { settled } from '../../kit/settled.ts';
import type { Site } from '../../kit/site.ts';
import { machines, workflows } from '../../kit/state.ts';
import { siteInTurn } from '../../kit/turn.ts';

const cluster: LabCluster = {
  name: 'replaced',
  controlPlane: { replicas: 1, version: 'v1.34.3' },
  workers: [{ name: 'replaced-workers', replicas: 2, version: 'v1.34.3' }],
};
const uncovered = withWorkers(cluster, { ntpServers: ['ntp.lab.example.com'] });

let site: Site;
beforeAll(async () => {
  site = await siteInTurn('replace', cluster);
  await site.lab.kill('refit');
  await site.lab.start('refit', { policy: { onUncovered: 'replace' } });
});
afterAll(async () => {
  await site?.lab.kill('refit');
  await site?.lab.start('refit');
  await site?.leave();
});

it('has the machines replaced by CAPI', async () => {
  const before = await machines(site, cluster.name, 'worker');
  await declareCluster(site, uncovered);
  await settled(site, uncovered);

  const after = await machines(site, cluster.name, 'worker');
  expect(after.filter(({ uid }) => before.some((old) => old.uid === uid))).toEqual([]);
  expect(after.map(({ operation }) => operation)).toEqual([undefined, undefined]);
  expect(await workflows(site)).toEqual([]);
});
