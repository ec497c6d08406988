// A MachineDeployment of several machines, one minor version up.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { keepDiary, mostRunning, mostUpdating } from '../kit/diary.ts';
import { withWorkers } from '../kit/edits.ts';
import { owners } from '../kit/owners.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { inPlace, summaries } from '../kit/summary.ts';

const cluster: LabCluster = {
  name: 'many',
  controlPlane: { replicas: 1, version: 'v1.34.3' },
  workers: [{ name: 'many-workers', replicas: 4, version: 'v1.33.7', maxUnavailable: 2 }],
};
const upgraded = withWorkers(cluster, { version: 'v1.34.3' });

let site: Site;
beforeAll(async () => {
  site = await siteWith('workers', cluster);
});
afterAll(() => site?.leave());

it('is upgraded in place, as many machines at once as may be unavailable', async () => {
  const before = await summaries(site, cluster, 'worker');
  const diary = await keepDiary(site);
  await declareCluster(site, upgraded);
  await settled(site, upgraded);
  diary.close();

  expect(await summaries(site, upgraded, 'worker')).toEqual(before.map((one) => inPlace(one, 'v1.34.3')));
  expect({ updating: mostUpdating(diary), running: mostRunning(diary) }).toEqual({ updating: 2, running: 2 });
  const [, deployment] = await owners(site, cluster.name);
  expect(deployment).toMatchObject({
    version: 'v1.34.3',
    status: { replicas: 4, readyReplicas: 4, availableReplicas: 4, upToDateReplicas: 4 },
    conditions: { RollingOut: { status: 'False' }, MachinesUpToDate: { status: 'True' } },
  });
});
