// More workers may be unavailable than Refit's policy lets it work on at once.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { text } from '../../../src/kubernetes/fields.ts';
import { CONCURRENCY_KEY, concurrencyConfigMapName } from '../../../src/generators/names.ts';
import { CONFIG_MAPS } from '../../../src/hook/kubernetes/resources.ts';
import { expectOk } from '../../apiserver/api.ts';
import { eventually } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { keepDiary, mostRunning, mostUpdating } from '../kit/diary.ts';
import { withWorkers } from '../kit/edits.ts';
import { play } from '../kit/script.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { machines } from '../kit/state.ts';
import { inPlace, summaries } from '../kit/summary.ts';

/** In the policy of the lab. */
const LIMIT = 2;

const cluster: LabCluster = {
  name: 'limited',
  controlPlane: { replicas: 1, version: 'v1.34.3' },
  workers: [{ name: 'limited-workers', replicas: 3, version: 'v1.34.3', maxUnavailable: 3 }],
};
const changed = withWorkers(cluster, { files: { '/etc/sysctl.d/99-lab.conf': 'vm.swappiness = 1\n' } });

let site: Site;
beforeAll(async () => {
  site = await siteWith('worker-limit', cluster);
});
afterAll(() => site?.leave());

it('is updated in place with its other machines waiting for their turn, as CAPI shows', async () => {
  const before = await summaries(site, cluster, 'worker');
  const diary = await keepDiary(site);
  await play(site, { default: { configure: { holdWhile: true } } });
  await declareCluster(site, changed);
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
  await settled(site, changed);
  diary.close();
  expect(await summaries(site, changed, 'worker')).toEqual(before.map((one) => inPlace(one)));
  expect({ updating: mostUpdating(diary), running: mostRunning(diary) }).toEqual({
    updating: 3,
    running: LIMIT,
  });
});

/** What Argo is told. */
async function concurrency(): Promise<string | undefined> {
  const path = CONFIG_MAPS.path(site.namespace, concurrencyConfigMapName(cluster.name));
  return text(await expectOk(site.api.get(path)), 'data', CONCURRENCY_KEY);
}
