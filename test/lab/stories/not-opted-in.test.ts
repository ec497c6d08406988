// A Cluster that did not opt in: CAPI rolls it as if Refit were not there.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { withControlPlane, withWorkers } from '../kit/edits.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { machines, type Machine, workflows } from '../kit/state.ts';

const cluster: LabCluster = {
  name: 'rolled',
  optedIn: false,
  controlPlane: { replicas: 3, version: 'v1.33.7' },
  workers: [{ name: 'rolled-workers', replicas: 2, version: 'v1.33.7' }],
};

let site: Site;
beforeAll(async () => {
  site = await siteWith('not-opted-in', cluster);
});
afterAll(() => site?.leave());

it('has its machines replaced, and nothing of Refit is seen on them', async () => {
  const before = await machines(site, cluster.name);
  const files = { '/etc/kubernetes/extra.conf': 'changed\n' };
  const changed = withControlPlane(withWorkers(cluster, { files }), { files });
  await declareCluster(site, changed);
  await settled(site, changed);

  const after = await machines(site, cluster.name);
  expect(after).toHaveLength(before.length);
  expect(uids(after).filter((uid) => uids(before).includes(uid))).toEqual([]);
  expect(after.flatMap(({ annotations }) => Object.keys(annotations)).filter(isOurs)).toEqual([]);
  expect(await workflows(site)).toEqual([]);
});

function uids(list: readonly Machine[]): string[] {
  return list.map(({ uid }) => uid);
}

function isOurs(annotation: string): boolean {
  return annotation.includes('refit');
}
