// Argo's controller is killed, and started again.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { operationName } from '../../../../src/api/names.ts';
import { eventually } from '../../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../../kit/cluster.ts';
import { withWorkers } from '../../kit/edits.ts';
import { play, type Script } from '../../kit/script.ts';
import { settled } from '../../kit/settled.ts';
import type { Site } from '../../kit/site.ts';
import { machines, workflows } from '../../kit/state.ts';
import { isMachineAt, podPhase } from '../../kit/steps.ts';
import { inPlace, summaries, type Summary } from '../../kit/summary.ts';
import { appliedTo } from '../../kit/workload.ts';
import { siteInTurn } from '../../kit/turn.ts';

const cluster: LabCluster = {
  name: 'unled',
  controlPlane: { replicas: 1, version: 'v1.34.3' },
  workers: [{ name: 'unled-workers', replicas: 2, version: 'v1.33.7', maxUnavailable: 2 }],
};
const upgraded = withWorkers(cluster, { version: 'v1.34.3' });

let site: Site;
beforeAll(async () => {
  site = await siteInTurn('argo-killed', cluster);
});
afterAll(() => site?.leave());

it('before an operation begins, while a step runs, while one ends: each is done once, in one Workflow', async () => {
  const before = await summaries(site, cluster, 'worker');
  const [one, other] = before as [Summary, Summary];
  await play(site, { ...heldAtKubelet(one), ...heldAtKubelet(other) });
  await site.lab.kill('argo');
  await declareCluster(site, upgraded);
  await eventually('CAPI says on both what they wait for', isWaitingForArgo, 60);
  expect((await workflows(site)).map(({ phase }) => phase)).toEqual(['', '']);
  await site.lab.start('argo');

  await eventually('both are at kubelet', () => areAtKubelet(before), 60);
  await site.lab.kill('argo');
  await play(site, heldAtKubelet(one));
  await eventually('the step of one ends', () => hasEnded(other), 30);
  expect(await areAtKubelet(before)).toBe(true);
  await site.lab.start('argo');
  await eventually('its update ends', async () => (await stateOf(other)) === 'succeeded', 60);
  expect(await areAtKubelet([one])).toBe(true);

  await play(site, {});
  await settled(site, upgraded);
  expect(await summaries(site, upgraded, 'worker')).toEqual(before.map((each) => inPlace(each, 'v1.34.3')));
  for (const each of before) expect((await appliedTo(site, cluster.name, each))?.count).toBe(1);
});

function heldAtKubelet({ name }: Summary): Script {
  return { [name]: { kubelet: { holdWhile: true } } };
}

async function isWaitingForArgo(): Promise<boolean | string> {
  const present = await machines(site, cluster.name, 'worker');
  const told = present.map(({ conditions }) => conditions['Updating']?.message ?? '');
  return told.every((message) => message.includes('waiting for Argo')) || told.join('; ');
}

async function areAtKubelet(list: readonly Summary[]): Promise<boolean> {
  return (await Promise.all(list.map((one) => isMachineAt(site, 'kubelet', one)))).every(Boolean);
}

async function hasEnded(machine: Summary): Promise<boolean> {
  return (await podPhase(site, 'kubelet', operationName(machine, 1))) === 'Succeeded';
}

async function stateOf({ uid }: Summary): Promise<string | undefined> {
  const present = await machines(site, cluster.name, 'worker');
  return present.find((machine) => machine.uid === uid)?.operation?.state;
}
