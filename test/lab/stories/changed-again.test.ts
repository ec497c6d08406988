// A desired state that is changed again while machines are on their way to it: these end their operations first.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { machinesAt } from '../kit/held.ts';
import { owners } from '../kit/owners.ts';
import { play } from '../kit/script.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { inPlace, summaries } from '../kit/summary.ts';
import { appliedTo } from '../kit/workload.ts';

const CURRENT = 'v1.35.1';

let site: Site;
beforeAll(async () => {
  site = await siteWith('changed-again', hasty('a', 'v1.33.7'));
});
afterAll(() => site?.leave());

it('control plane and workers: what runs is completed, and all reach the last desired state in place', async () => {
  const [first, last] = [hasty('b', 'v1.34.3'), hasty('c', CURRENT)];
  const before = await summaries(site, last);
  await play(site, { default: { kubelet: { holdWhile: true } } });
  await declareCluster(site, first);
  const held = await machinesAt(site, first, 'kubelet', 3);
  expect(held.map(({ role }) => role).sort()).toEqual(['control-plane', 'worker', 'worker']);

  await declareCluster(site, last);
  await eventually('CAPI knows what is wanted now', async () =>
    (await owners(site, last.name)).every(({ isObserved }) => isObserved),
  );
  await play(site, {});
  await settled(site, last);

  const after = await summaries(site, last);
  expect(after).toEqual(
    before.map((one) => {
      const once = inPlace(one, CURRENT);
      return held.some(({ uid }) => uid === one.uid) ? inPlace(once) : once;
    }),
  );
  for (const { name, workflows } of after) {
    expect((await appliedTo(site, last.name, { name }))?.count).toBe(workflows.length);
  }
});

/** Two of its parts change their files, the third one its version. */
function hasty(content: string, version: string): LabCluster {
  const files = { '/etc/kubernetes/lab.conf': content };
  return {
    name: 'hasty',
    controlPlane: { replicas: 3, version: CURRENT, files },
    workers: [
      { name: 'hasty-files', replicas: 2, version: CURRENT, files },
      { name: 'hasty-version', replicas: 1, version },
    ],
  };
}
