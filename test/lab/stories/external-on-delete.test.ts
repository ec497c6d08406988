// A MachineDeployment whose Machines CAPI replaces only when somebody deletes them (OnDelete), in a Cluster without the
// hooks: its upgrades are Refit's.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PAUSED_BY_US } from '../../../src/api/labels.ts';
import { operationName } from '../../../src/api/names.ts';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { keepDiary, mostOperated, replaced } from '../kit/diary.ts';
import { withWorkers } from '../kit/edits.ts';
import { ownerOf, recorded, upgradesAt } from '../kit/external.ts';
import { machineSets } from '../kit/machine-sets.ts';
import { throughTwoResyncs } from '../kit/resync.ts';
import { play } from '../kit/script.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { workflows } from '../kit/state.ts';
import { externally, summaries } from '../kit/summary.ts';
import { appliedTo } from '../kit/workload.ts';

/** In the policy of the lab. */
const LIMIT = 2;
const NAME = 'manual';

const cluster: LabCluster = {
  name: 'by-hand',
  optedIn: false,
  controlPlane: { replicas: 1, version: 'v1.34.3' },
  workers: [{ name: NAME, replicas: 3, version: 'v1.33.7', onDelete: true, external: true }],
};
const files = { '/etc/sysctl.d/99-lab.conf': 'vm.swappiness = 1\n' };
const upgraded = withWorkers(cluster, { version: 'v1.34.3', files });

let site: Site;
beforeAll(async () => {
  site = await siteWith('external-on-delete', cluster);
});
afterAll(() => site?.leave());

it('version and files are brought to its workers in place, and to its MachineSet; CAPI replaces nothing', async () => {
  const [controlPlane = [], before = []] = await bothRoles();
  const sets = await machineSets(site, NAME);
  expect(sets).toMatchObject([{ replicas: 3, version: 'v1.33.7', paused: undefined }]);
  const diary = await keepDiary(site);
  await play(site, { default: { kubelet: { holdWhile: true } } });
  await declareCluster(site, upgraded);
  const owner = await ownerOf(site, cluster, NAME);
  expect(owner).toMatchObject({ version: 'v1.34.3', paused: PAUSED_BY_US });
  expect(await upgradesAt(site, cluster, owner, 'kubelet', LIMIT)).toHaveLength(LIMIT);
  expect(await machineSets(site, NAME)).toEqual(sets.map((one) => ({ ...one, paused: PAUSED_BY_US })));

  await play(site, {});
  await settled(site, upgraded);
  const given = await recorded(site, cluster, owner, 'succeeded');
  expect(given).toMatchObject({
    paused: undefined,
    external: { number: 1, to: 'v1.34.3', workflow: operationName(owner, 1) },
    status: { replicas: 3, readyReplicas: 3, availableReplicas: 3, upToDateReplicas: 3 },
    conditions: {
      Available: { status: 'True' },
      MachinesUpToDate: { status: 'True' },
      Paused: { status: 'False' },
      RollingOut: { status: 'False' },
    },
  });
  const expected = [controlPlane, before.map((one) => externally(one, 'v1.34.3'))];
  const sameSets = sets.map((one) => ({ ...one, version: 'v1.34.3' }));
  const check = async () => {
    expect(await bothRoles()).toEqual(expected);
    expect(await machineSets(site, NAME)).toEqual(sameSets);
  };
  await check();
  await throughTwoResyncs(site, upgraded, check);
  diary.close();
  expect(replaced(diary)).toEqual([]);
  expect(mostOperated(diary)).toBe(LIMIT);
  expect(diary.owners.filter(({ name }) => name === NAME).map(({ what }) => what)).toEqual([
    'asks v1.34.3, paused (capi-refit.io)',
    'asks v1.34.3',
  ]);
  expect((await workflows(site)).map(({ name, phase }) => [name, phase])).toEqual([
    [operationName(owner, 1), 'Succeeded'],
  ]);
  for (const one of before) expect((await appliedTo(site, cluster.name, one))?.count).toBe(1);
});

function bothRoles() {
  return Promise.all([summaries(site, cluster, 'control-plane'), summaries(site, cluster, 'worker')]);
}
