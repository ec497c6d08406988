// Two edits of a MachineDeployment in quick succession. Cluster API by itself deletes a Machine then: it has moved it to a
// MachineSet that is not wanted any more, and scales that down before it has counted what it holds.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { UNCOUNTED_MOVE_ANNOTATION } from '../../../../src/api/labels.ts';
import { found } from '../../../helpers/eventually.ts';
import { declareDeployment, declareTemplates, type LabCluster, type Workers } from '../../kit/cluster.ts';
import { settled } from '../../kit/settled.ts';
import type { Site } from '../../kit/site.ts';
import { type Machine, machines, refusal } from '../../kit/state.ts';
import { inPlace, summariesOf } from '../../kit/summary.ts';
import { siteInTurn } from '../../kit/turn.ts';

const TRIES = 10;
const GAP_MS = 500;
/** Further apart, on a machine that is too busy, this is another story, and Machines are lost. */
const LONGEST_GAP_MS = 2000;
const VERSION = { version: 'v1.34.3' };

/** Each is a try. With one Machine, where CAPI asks nothing more once it is on its way: the worst case. */
const tries = Array.from({ length: TRIES }, (_, index) => ({
  name: `twice-${index}`,
  replicas: 1,
  ...VERSION,
}));
const several = { name: 'several', replicas: 3, ...VERSION };
const cluster: LabCluster = {
  name: 'twice',
  controlPlane: { replicas: 1, ...VERSION },
  workers: [...tries, several],
};

let site: Site;
beforeAll(async () => {
  site = await siteInTurn('two-edits', cluster);
});
afterAll(() => site?.leave());

/** With `settleSeconds: 0` in the policy all ten are lost. */
it('loses no Machine in ten tries, and updates each once, to what was wanted last', async () => {
  const before = await summariesOf(site, cluster, 'twice');
  for (const workers of tries) await prepare(workers);
  const gaps: number[] = [];
  for (const workers of tries) {
    const start = performance.now();
    await edit(workers, 'first');
    await sleep(GAP_MS);
    await edit(workers, 'second');
    gaps.push(performance.now() - start);
  }
  expect(Math.max(...gaps)).toBeLessThan(LONGEST_GAP_MS);
  await settled(site, cluster);
  expect(await summariesOf(site, cluster, 'twice')).toEqual(before.map((one) => inPlace(one)));
});

it('an edit while a Machine is moved is not gone on with until it is taken back', async () => {
  const before = await summariesOf(site, cluster, 'several');
  await prepare(several);
  await edit(several, 'first');
  const isMoved = ({ annotations }: Machine): boolean => UNCOUNTED_MOVE_ANNOTATION in annotations;
  const find = async () => (await machines(site, cluster.name, 'worker')).find(isMoved);
  const moved = await found('a Machine is moved', find, 30);
  await edit(several, 'second');
  const told = await found('an Event', () => refusal(site, moved), 30);
  expect(told).toContain(`edited while Machine ${moved.name} was being moved`);

  await edit(several, 'first');
  await settled(site, cluster);
  await edit(several, 'second');
  await settled(site, cluster);
  expect(await summariesOf(site, cluster, 'several')).toEqual(before.map((one) => inPlace(inPlace(one))));
});

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
