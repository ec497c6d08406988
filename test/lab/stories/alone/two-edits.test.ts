// Two edits of a MachineDeployment in quick succession. Cluster API by itself deletes a Machine then: it has moved it to a
// MachineSet that is not wanted any more, and scales that down before it has counted what it holds.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { UNCOUNTED_MOVE_ANNOTATION } from '../../../../src/api/labels.ts';
import { text } from '../../../../src/kubernetes/fields.ts';
import { found } from '../../../helpers/eventually.ts';
import {
  declareDeployment,
  declareTemplates,
  deploymentObject,
  type LabCluster,
  type Workers,
} from '../../kit/cluster.ts';
import { attempt, isRefusedForNow } from '../../kit/objects.ts';
import { settled } from '../../kit/settled.ts';
import type { Site } from '../../kit/site.ts';
import { type Machine, machines } from '../../kit/state.ts';
import { inPlace, summariesOf, type Summary } from '../../kit/summary.ts';
import { siteInTurn } from '../../kit/turn.ts';
import { appliedTo } from '../../kit/workload.ts';

/** From before Refit says yes (policy's settleSeconds: 3) until the Machine is long on its way. */
const GAPS = [0.5, 0.5, 1, 2, 3, 3.5, 4, 4.5, 5, 6];
/** An edit after so much is before Refit says yes to the first one, however slow the machine is. */
const SHORT_GAP = 1;
const VERSION = { version: 'v1.34.3' };

/** Each is a try. With one Machine, where CAPI asks nothing more once it is on its way: the worst case. */
const tries = GAPS.map((gap, index) => ({
  gap,
  workers: { name: `twice-${index}`, replicas: 1, ...VERSION },
}));
const several = { name: 'several', replicas: 3, ...VERSION };
const cluster: LabCluster = {
  name: 'twice',
  controlPlane: { replicas: 1, ...VERSION },
  workers: [...tries.map(({ workers }) => workers), several],
};

let site: Site;
beforeAll(async () => {
  site = await siteInTurn('two-edits', cluster);
});
afterAll(() => site?.leave());

/** With `settleSeconds: 0` in the policy all that are quick are lost, without the webhook some of the others. */
it('loses no Machine, however long it is between the two; what is refused for some seconds is tried again', async () => {
  const before = await summariesOf(site, cluster, 'twice');
  for (const { workers } of tries) await prepare(workers);
  await Promise.all(
    tries.map(async ({ gap, workers }) => {
      await edit(workers, 'first');
      await sleep(gap * 1000);
      await edit(workers, 'second');
    }),
  );
  await settled(site, cluster);
  const after = await summariesOf(site, cluster, 'twice');
  expect(after).toEqual(before.map(updated));
  for (const [index, one] of after.entries()) {
    if (!isQuick(one)) continue;
    expect(one).toEqual(inPlace(before[index] as Summary));
    expect((await appliedTo(site, cluster.name, one))?.count).toBe(1);
  }
});

it('an edit while a Machine is moved is refused, and done when it is tried again', async () => {
  const before = await summariesOf(site, cluster, 'several');
  await prepare(several);
  await edit(several, 'first');
  const moved = await movedMachine();
  const refused = await attempt(site, deploymentObject(cluster.name, withContent(several, 'second')));
  expect(isRefusedForNow(refused)).toBe(true);
  expect(text(refused.body, 'message')).toContain(`moving Machine ${moved.name}`);

  await edit(several, 'second');
  await settled(site, cluster);
  expect(await summariesOf(site, cluster, 'several')).toEqual(before.map(updated));
});

/** The same Machine, however often it was updated. */
function updated(before: Summary) {
  return { ...before, operation: expect.stringMatching(/succeeded$/), workflows: expect.anything() };
}

function isQuick({ name }: Summary): boolean {
  return tries.some(({ gap, workers }) => gap <= SHORT_GAP && name.startsWith(`${workers.name}-`));
}

/** So that an edit is one request. */
async function prepare(workers: Workers): Promise<void> {
  for (const content of ['first', 'second']) {
    await declareTemplates(site, cluster.name, withContent(workers, content));
  }
}

async function edit(workers: Workers, content: string): Promise<void> {
  await declareDeployment(site, cluster.name, withContent(workers, content));
}

function withContent(workers: Workers, content: string): Workers {
  return { ...workers, files: { '/etc/kubernetes/lab.conf': content } };
}

function movedMachine(): Promise<Machine> {
  const isMoved = ({ annotations }: Machine): boolean => UNCOUNTED_MOVE_ANNOTATION in annotations;
  const find = async () => (await machines(site, cluster.name, 'worker')).find(isMoved);
  return found('a Machine is moved', find, 30);
}
