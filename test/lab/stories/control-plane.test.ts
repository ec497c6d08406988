// A control plane of three machines, one minor version up.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually, found } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { type Entry, keepDiary } from '../kit/diary.ts';
import { withVersion } from '../kit/edits.ts';
import { owners } from '../kit/owners.ts';
import { play } from '../kit/script.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { machines } from '../kit/state.ts';
import { inPlace, summaries } from '../kit/summary.ts';
import { nodeOf } from '../kit/workload.ts';
import { text } from '../../../src/kubernetes/fields.ts';

const cluster: LabCluster = {
  name: 'three',
  controlPlane: { replicas: 3, version: 'v1.33.7', auditPolicy: true },
};
const upgraded = withVersion(cluster, 'v1.34.3');

let site: Site;
beforeAll(async () => {
  site = await siteWith('control-plane', cluster);
});
afterAll(() => site?.leave());

it('is upgraded in place, a machine only when the Node of the one before shows the version', async () => {
  const before = await summaries(site, cluster);
  const diary = await keepDiary(site);
  await play(site, { default: { kubelet: { holdWhile: true } } });
  await declareCluster(site, upgraded);

  const first = await found('a machine whose kubelet is held', heldMachine, 60);
  await eventually('the control plane knows where it is', async () => {
    const [controlPlane] = await owners(site, cluster.name);
    return controlPlane?.conditions['MachinesUpToDate']?.message.includes('kubelet') ?? false;
  });
  expect(await kubeletVersion(first)).toBe('v1.33.7');
  const waiting = before.filter(({ name }) => name !== first);
  expect((await summaries(site, cluster)).filter(({ name }) => name !== first)).toEqual(
    waiting.map((one) => ({ ...one, conditions: { ...one.conditions, UpToDate: 'False' } })),
  );

  await play(site, {});
  await settled(site, upgraded);
  diary.close();
  expect(await summaries(site, upgraded)).toEqual(before.map((one) => inPlace(one, 'v1.34.3')));
  for (const { name } of before) expect(await kubeletVersion(name)).toBe('v1.34.3');
  const order = namesOf(diary.machines);
  expect(order).toHaveLength(3);
  expect(diary.machines.filter(isMilestone)).toEqual(
    order.flatMap((name) => ['updating', 'shows v1.34.3', 'updated'].map((what) => ({ name, what }))),
  );
  const [controlPlane] = await owners(site, cluster.name);
  expect(controlPlane).toMatchObject({
    version: 'v1.34.3',
    status: { replicas: 3, readyReplicas: 3, availableReplicas: 3, upToDateReplicas: 3 },
    conditions: { RollingOut: { status: 'False' }, MachinesUpToDate: { status: 'True' } },
  });
});

async function heldMachine(): Promise<string | undefined> {
  const present = await machines(site, cluster.name);
  return present.find(({ conditions }) => conditions['Updating']?.message.includes('kubelet'))?.name;
}

async function kubeletVersion(name: string): Promise<string | undefined> {
  const node = await nodeOf(site, cluster.name, { name });
  return text(node, 'status', 'nodeInfo', 'kubeletVersion');
}

function namesOf(entries: readonly Entry[]): string[] {
  return [...new Set(entries.filter(({ what }) => what === 'updating').map(({ name }) => name))];
}

function isMilestone({ what }: Entry): boolean {
  return what === 'updating' || what === 'updated' || what.startsWith('shows');
}
