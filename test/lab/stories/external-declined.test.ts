// Edits of owners that are Refit's to upgrade, but not now: somebody else has paused it, CAPI is at work on it. Nothing
// changes, and later it is done in place.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PAUSED_ANNOTATION, PAUSED_BY_US } from '../../../src/api/labels.ts';
import { MACHINES } from '../../../src/hook/kubernetes/resources.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { expectOk } from '../../apiserver/api.ts';
import { eventually, found } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { keepDiary, replaced } from '../kit/diary.ts';
import { withDeployment } from '../kit/edits.ts';
import { ownerOf, patchOwner, recorded } from '../kit/external.ts';
import type { Owner } from '../kit/owners.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { machines, workflows } from '../kit/state.ts';
import { externally, summaries, summariesOf } from '../kit/summary.ts';

const ROLLED = 'rolled';
/** Whatever CAPI deletes stays until it is gone. */
const HOLDS_DELETION = 'pre-drain.delete.hook.machine.cluster.x-k8s.io/story';

const cluster: LabCluster = {
  name: 'declined',
  optedIn: false,
  controlPlane: { replicas: 1, version: 'v1.34.3', external: true },
  workers: [{ name: ROLLED, replicas: 2, version: 'v1.33.7' }],
};

let site: Site;
beforeAll(async () => {
  site = await siteWith('external-declined', cluster);
});
afterAll(() => site?.leave());

it('paused by somebody else: nothing begins until that is taken away, and then it is upgraded in place', async () => {
  const before = await summaries(site, cluster, 'control-plane');
  const diary = await keepDiary(site);
  const owner = await ownerOf(site, cluster);
  const pause = (value: string | null) =>
    expectOk(patchOwner(site, owner, { metadata: { annotations: { [PAUSED_ANNOTATION]: value } } }));
  const edit = (version: string) => expectOk(patchOwner(site, owner, { spec: { version } }));
  await pause('');
  await edit('v1.35.1');
  await edit('v1.34.3');
  await pause(null);
  // Refit has looked, and found nothing to do.
  await recorded(site, cluster, owner, 'succeeded');
  await settled(site, cluster);
  expect(await summaries(site, cluster, 'control-plane')).toEqual(before);
  expect(await workflows(site)).toEqual([]);

  await pause('');
  await edit('v1.35.1');
  await eventually(
    'CAPI has seen the pause',
    async () => (await ownerOf(site, cluster)).conditions['Paused']?.status === 'True',
  );
  await pause(null);
  expect(await ownerOf(site, cluster)).toMatchObject({ version: 'v1.35.1', paused: PAUSED_BY_US });
  const upgraded = { ...cluster, controlPlane: { ...cluster.controlPlane, version: 'v1.35.1' } };
  await settled(site, upgraded);
  expect(await recorded(site, cluster, owner, 'succeeded')).toMatchObject({ paused: undefined });
  expect(await summaries(site, cluster, 'control-plane')).toEqual(
    before.map((one) => externally(one, 'v1.35.1')),
  );
  diary.close();
  expect(replaced(diary)).toEqual([]);
});

it('while CAPI replaces its Machines: the edit is refused, that goes on, and the same edit is done in place later', async () => {
  const current: LabCluster = { ...cluster, controlPlane: { ...cluster.controlPlane, version: 'v1.35.1' } };
  const rolled = withDeployment(current, ROLLED, { version: 'v1.34.3' });
  const labelled = withDeployment(rolled, ROLLED, { external: true });
  const files = { '/etc/kubernetes/lab.conf': 'changed\n' };
  const former = await summariesOf(site, current, ROLLED);
  await holdDeletion('');
  await declareCluster(site, rolled);
  await found('CAPI at work', rollingOwner, 60);
  await declareCluster(site, labelled);
  const owner = await ownerOf(site, cluster, ROLLED);
  const edit = { spec: { template: { spec: { version: 'v1.35.1' } } } };
  const refused = await patchOwner(site, owner, edit);
  expect(refused.status).toBe(403);
  expect(text(refused.body, 'message')).toContain('Cluster API is at work on it (condition RollingOut)');
  expect(await ownerOf(site, cluster, ROLLED)).toMatchObject({
    version: 'v1.34.3',
    paused: undefined,
    external: undefined,
  });
  await holdDeletion(null);
  await settled(site, labelled);
  const before = await summariesOf(site, labelled, ROLLED);
  expect(before.filter(({ uid }) => former.some((one) => one.uid === uid))).toEqual([]);

  const diary = await keepDiary(site);
  const upgraded = withDeployment(labelled, ROLLED, { version: 'v1.35.1', files });
  await declareCluster(site, upgraded);
  await settled(site, upgraded);
  expect(await recorded(site, cluster, owner, 'succeeded')).toMatchObject({ paused: undefined });
  expect(await summariesOf(site, upgraded, ROLLED)).toEqual(before.map((one) => externally(one, 'v1.35.1')));
  diary.close();
  expect(replaced(diary)).toEqual([]);
});

async function holdDeletion(value: '' | null): Promise<void> {
  for (const { name } of await machines(site, cluster.name, 'worker')) {
    const annotations = { [HOLDS_DELETION]: value };
    await expectOk(site.api.patch(MACHINES.path(site.namespace, name), { metadata: { annotations } }));
  }
}

async function rollingOwner(): Promise<Owner | undefined> {
  const owner = await ownerOf(site, cluster, ROLLED);
  return owner.conditions['RollingOut']?.status === 'True' ? owner : undefined;
}
