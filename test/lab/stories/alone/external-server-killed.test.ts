// Refit's server is killed in the middle of the upgrade of an owner, whose release must not depend on it.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PAUSED_BY_US } from '../../../../src/api/labels.ts';
import { operationName } from '../../../../src/api/names.ts';
import { text } from '../../../../src/kubernetes/fields.ts';
import { declareCluster, type LabCluster } from '../../kit/cluster.ts';
import { keepDiary, replaced } from '../../kit/diary.ts';
import { restart } from '../../kit/disruption.ts';
import { withControlPlane, withWorkers } from '../../kit/edits.ts';
import { ownerOf, patchOwner, recorded, upgradesAt } from '../../kit/external.ts';
import { type Gate, openGate, saysOfOwner, type Write } from '../../kit/gate.ts';
import { machineSets } from '../../kit/machine-sets.ts';
import { resync } from '../../kit/resync.ts';
import { play } from '../../kit/script.ts';
import { settled } from '../../kit/settled.ts';
import type { Site } from '../../kit/site.ts';
import { workflows } from '../../kit/state.ts';
import { externally, summaries } from '../../kit/summary.ts';
import { siteInTurn } from '../../kit/turn.ts';
import { appliedTo } from '../../kit/workload.ts';

const WORKERS = 'bereft-workers';
const cluster: LabCluster = {
  name: 'bereft',
  controlPlane: { replicas: 1, version: 'v1.33.7', external: true },
  workers: [{ name: WORKERS, replicas: 2, version: 'v1.33.7', external: true }],
};
const upgraded = withControlPlane(cluster, { version: 'v1.34.3' });
const allUpgraded = withWorkers(upgraded, { version: 'v1.34.3' });

let site: Site;
beforeAll(async () => {
  site = await siteInTurn('external-server-killed', cluster);
});
afterAll(() => site?.leave());

it('while the node is worked on, and not started again: upgraded and given back all the same', async () => {
  const before = await summaries(site, cluster);
  const diary = await keepDiary(site);
  await play(site, { default: { kubelet: { holdWhile: true } } });
  await declareCluster(site, upgraded);
  const owner = await ownerOf(site, cluster);
  await upgradesAt(site, cluster, owner, 'kubelet');
  await site.lab.kill('refit');
  // Nobody could pause it: no edit gets past.
  const { status, body } = await patchOwner(site, owner, { spec: { version: 'v1.35.1' } });
  expect(status).toBe(500);
  expect(text(body, 'message')).toContain('failed calling webhook "owner.capi-refit.io"');

  await play(site, {});
  const given = await recorded(site, cluster, owner, 'succeeded');
  expect(given).toMatchObject({ version: 'v1.34.3', paused: undefined, external: { number: 1 } });
  await settled(site, upgraded);
  await site.lab.start('refit');
  const expected = before.map((one) => (one.name.startsWith(WORKERS) ? one : externally(one, 'v1.34.3')));
  let seenAgain = upgraded;
  for (let count = 0; count < 2; count += 1) {
    // All that they know they read again.
    await restart(site, 'capi-core', 'capi-control-plane');
    seenAgain = await resync(site, seenAgain);
    expect(await summaries(site, upgraded)).toEqual(expected);
  }
  expect((await ownerOf(site, cluster)).external).toEqual(given.external);
  diary.close();
  expect(replaced(diary)).toEqual([]);
  expect(await phases()).toEqual([[operationName(owner, 1), 'Succeeded']]);
});

it('between the pause and the Workflow, and between the Workflow and its record: each is there once', async () => {
  const before = await summaries(site, upgraded);
  const sets = await machineSets(site, WORKERS);
  const former = await phases();
  const diary = await keepDiary(site);
  const gate = await openGate(site);
  try {
    const held = gate.hold(isWorkflow);
    await declareCluster(site, allUpgraded);
    await killedIn(held);
    expect(await standing()).toEqual({ state: 'requested', paused: PAUSED_BY_US, workflows: 0 });
    const again = gate.hold(saysOfOwner('running'));
    await site.lab.start('refit');
    await killedIn(again);
    expect(await standing()).toEqual({ state: 'requested', paused: PAUSED_BY_US, workflows: 1 });
    await site.lab.start('refit');
  } finally {
    await gate.close();
  }
  await settled(site, allUpgraded);
  const owner = await recorded(site, cluster, { name: WORKERS }, 'succeeded');
  expect(owner).toMatchObject({ paused: undefined, external: { number: 1 } });
  const expected = before.map((one) => (one.name.startsWith(WORKERS) ? externally(one, 'v1.34.3') : one));
  expect(await summaries(site, allUpgraded)).toEqual(expected);
  expect(await machineSets(site, WORKERS)).toEqual(sets.map((one) => ({ ...one, version: 'v1.34.3' })));
  diary.close();
  expect(replaced(diary)).toEqual([]);
  expect(await phases()).toEqual([...former, [operationName(owner, 1), 'Succeeded']].sort());
  for (const one of expected) expect((await appliedTo(site, cluster.name, one))?.count).toBe(1);

  async function killedIn(held: ReturnType<Gate['hold']>): Promise<void> {
    const { lost } = await held;
    await site.lab.kill('refit');
    await lost;
  }

  async function standing() {
    const { external, paused } = await ownerOf(site, cluster, WORKERS);
    return { state: external?.state, paused, workflows: (await phases()).length - former.length };
  }
});

function isWorkflow({ resource }: Write): boolean {
  return resource === 'workflows';
}

async function phases(): Promise<string[][]> {
  return (await workflows(site)).map(({ name, phase }) => [name, phase]);
}
