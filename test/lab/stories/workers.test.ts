// MachineDeployments: a minor version up, another configuration, and more machines than Refit works on at once.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { text } from '../../../src/kubernetes/fields.ts';
import { CONCURRENCY_KEY, concurrencyConfigMapName } from '../../../src/generators/names.ts';
import { CONFIG_MAPS } from '../../../src/hook/kubernetes/resources.ts';
import { expectOk } from '../../apiserver/api.ts';
import { eventually } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster, type Workers } from '../kit/cluster.ts';
import { keepDiary, mostRunning, mostUpdating } from '../kit/diary.ts';
import { withDeployment } from '../kit/edits.ts';
import { owners } from '../kit/owners.ts';
import { play } from '../kit/script.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { machines } from '../kit/state.ts';
import { inPlace, summariesOf } from '../kit/summary.ts';
import { appliedTo } from '../kit/workload.ts';

/** In the policy of the lab. */
const LIMIT = 2;

/** As it is between two stories; each changes it. */
let cluster: LabCluster = {
  name: 'worked',
  controlPlane: { replicas: 1, version: 'v1.34.3' },
  workers: [
    { name: 'many', replicas: 4, version: 'v1.33.7', maxUnavailable: 2 },
    { name: 'tuned', replicas: 2, version: 'v1.34.3', maxUnavailable: 2, auditPolicy: true },
    { name: 'limited', replicas: 3, version: 'v1.34.3', maxUnavailable: 3 },
  ],
};

let site: Site;
beforeAll(async () => {
  site = await siteWith('workers', cluster);
});
afterAll(() => site?.leave());

it('one is upgraded in place, as many machines at once as may be unavailable', async () => {
  const before = await summariesOf(site, cluster, 'many');
  const diary = await keepDiary(site);
  await change('many', { version: 'v1.34.3' });
  await settled(site, cluster);
  diary.close();

  expect(await summariesOf(site, cluster, 'many')).toEqual(before.map((one) => inPlace(one, 'v1.34.3')));
  expect({ updating: mostUpdating(diary), running: mostRunning(diary) }).toEqual({ updating: 2, running: 2 });
  await expectUpToDate('many', 4);
});

it.each<[string, Partial<Workers>]>([
  ['files', { files: { '/etc/sysctl.d/99-lab.conf': 'vm.max_map_count = 262144\n' } }],
  ['kubelet arguments', { kubeletExtraArgs: { 'max-pods': '200' } }],
])('a change of %s is made in place', async (_what, changed) => {
  const before = await summariesOf(site, cluster, 'tuned');
  await change('tuned', changed);
  await settled(site, cluster);

  expect(await summariesOf(site, cluster, 'tuned')).toEqual(before.map((one) => inPlace(one)));
  for (const machine of before) {
    expect((await appliedTo(site, cluster.name, machine))?.count).toBe(machine.workflows.length + 1);
  }
  await expectUpToDate('tuned', 2);
});

it('where more may be unavailable than the policy allows, the others wait for their turn, as CAPI shows', async () => {
  const before = await summariesOf(site, cluster, 'limited');
  const diary = await keepDiary(site);
  await play(site, { default: { configure: { holdWhile: true } } });
  await change('limited', { files: { '/etc/sysctl.d/99-lab.conf': 'vm.swappiness = 1\n' } });
  await eventually(
    'two at work and one that waits',
    async () => {
      const messages = (await machines(site, cluster.name)).map((one) => one.conditions['Updating']?.message);
      const count = (words: string) => messages.filter((message) => message?.includes(words)).length;
      const found = { atWork: count('configure'), waiting: count('waiting for its turn') };
      return (found.atWork === LIMIT && found.waiting === 1) || messages.join('; ');
    },
    60,
  );
  expect(await concurrency()).toBe(String(LIMIT));

  await play(site, {});
  await settled(site, cluster);
  diary.close();
  expect(await summariesOf(site, cluster, 'limited')).toEqual(before.map((one) => inPlace(one)));
  expect({ updating: mostUpdating(diary), running: mostRunning(diary) }).toEqual({
    updating: 3,
    running: LIMIT,
  });
});

async function change(deployment: string, changed: Partial<Workers>): Promise<void> {
  cluster = withDeployment(cluster, deployment, changed);
  await declareCluster(site, cluster);
}

async function expectUpToDate(deployment: string, replicas: number): Promise<void> {
  const found = (await owners(site, cluster.name)).find(({ name }) => name === deployment);
  const counts = ['replicas', 'readyReplicas', 'availableReplicas', 'upToDateReplicas'];
  expect(found).toMatchObject({
    version: 'v1.34.3',
    status: Object.fromEntries(counts.map((count) => [count, replicas])),
    conditions: { RollingOut: { status: 'False' }, MachinesUpToDate: { status: 'True' } },
  });
}

/** What Argo is told. */
async function concurrency(): Promise<string | undefined> {
  const path = CONFIG_MAPS.path(site.namespace, concurrencyConfigMapName(cluster.name));
  return text(await expectOk(site.api.get(path)), 'data', CONCURRENCY_KEY);
}
