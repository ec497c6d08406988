// A Cluster from a ClusterClass with a control plane of one machine, upgraded by the version of its topology: the control
// plane by Refit in the place of CAPI, then the workers by CAPI's hooks.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PAUSED_BY_US } from '../../../src/api/labels.ts';
import { operationName } from '../../../src/api/names.ts';
import { found } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { keepDiary, replaced } from '../kit/diary.ts';
import { withVersion } from '../kit/edits.ts';
import { ownerOf, upgradesAt } from '../kit/external.ts';
import { owners } from '../kit/owners.ts';
import { throughTwoResyncs } from '../kit/resync.ts';
import { play } from '../kit/script.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { workflows } from '../kit/state.ts';
import { externally, inPlace, summaries } from '../kit/summary.ts';

const cluster: LabCluster = {
  name: 'formed',
  topology: true,
  controlPlane: { replicas: 1, version: 'v1.33.7', external: true },
  workers: [{ name: 'formed-pool', replicas: 1, version: 'v1.33.7' }],
};
const upgraded = withVersion(cluster, 'v1.34.3');

let site: Site;
beforeAll(async () => {
  site = await siteWith('external-topology', cluster);
});
afterAll(() => site?.leave());

it('is upgraded in place: the control plane by its owner, then the workers; CAPI replaces nothing', async () => {
  const before = await summaries(site, cluster);
  const diary = await keepDiary(site);
  await play(site, { default: { kubelet: { holdWhile: true } } });
  await declareCluster(site, upgraded);
  const controlPlane = await found(
    'the topology has written the control plane',
    async () => {
      const owner = await ownerOf(site, cluster);
      return owner.version === 'v1.34.3' ? owner : undefined;
    },
    60,
  );
  expect(controlPlane.paused).toBe(PAUSED_BY_US);
  expect(await upgradesAt(site, cluster, controlPlane, 'kubelet')).toHaveLength(1);
  const [, pool] = await owners(site, cluster.name);
  expect(pool).toMatchObject({ version: 'v1.33.7', paused: undefined });

  await play(site, {});
  await settled(site, upgraded);
  const expected = before.map((one) =>
    one.name.startsWith(controlPlane.name) ? externally(one, 'v1.34.3') : inPlace(one, 'v1.34.3'),
  );
  const check = async () => expect(await summaries(site, upgraded)).toEqual(expected);
  await check();
  await throughTwoResyncs(site, upgraded, check);
  const upToDate = { MachinesUpToDate: { status: 'True' }, RollingOut: { status: 'False' } };
  expect(await owners(site, cluster.name)).toMatchObject([
    {
      version: 'v1.34.3',
      paused: undefined,
      external: { number: 1, state: 'succeeded', to: 'v1.34.3' },
      status: { upToDateReplicas: 1 },
      conditions: upToDate,
    },
    {
      version: 'v1.34.3',
      paused: undefined,
      external: undefined,
      status: { upToDateReplicas: 1 },
      conditions: upToDate,
    },
  ]);
  diary.close();
  expect(replaced(diary)).toEqual([]);
  expect(diary.owners.filter(({ name }) => name === controlPlane.name).map(({ what }) => what)).toEqual([
    'asks v1.34.3, paused (capi-refit.io)',
    'asks v1.34.3',
  ]);
  const names = (await workflows(site)).map(({ name }) => name);
  expect(names).toHaveLength(2);
  expect(names).toContain(operationName(controlPlane, 1));
});
