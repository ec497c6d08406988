// Nodes that are not Ready for longer than a MachineHealthCheck allows: in the middle of an operation, and after it.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { declareHealthCheck } from '../kit/health-check.ts';
import { machinesAt } from '../kit/held.ts';
import { play } from '../kit/script.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { machines } from '../kit/state.ts';
import { inPlace, summaries, type Summary } from '../kit/summary.ts';
import { setNodeReady } from '../kit/workload.ts';

const UNHEALTHY_AFTER_SECONDS = 5;

const cluster = withContent('before');
const changed = withContent('after');

let site: Site;
beforeAll(async () => {
  site = await siteWith('health-check', cluster);
});
afterAll(() => site?.leave());

it('a machine is not replaced while it is updated, and is replaced when it is unwell later', async () => {
  const before = await summaries(site, cluster);
  await declareHealthCheck(site, cluster, UNHEALTHY_AFTER_SECONDS);
  await play(site, { default: { kubelet: { holdWhile: true } } });
  await declareCluster(site, changed);
  const held = uidsOf(await machinesAt(site, cluster, 'kubelet', 2));
  const updated = before.filter(({ uid }) => held.includes(uid));
  const [witness] = before.filter(({ name }) => name.startsWith('unwell-witness'));

  for (const one of [...updated, witness as Summary]) await setNodeReady(site, cluster.name, one, false);
  await eventually('CAPI sees it', async () => (await notHealthy()).length === 3, 30);
  await eventually('the one that is not updated is replaced', () => areGone([witness as Summary]), 60);
  expect(uidsOf(await machines(site, cluster.name))).toEqual(expect.arrayContaining(held));

  for (const one of updated) await setNodeReady(site, cluster.name, one, true);
  await play(site, {});
  await settled(site, changed);
  const after = await summaries(site, changed);
  expect(after).toEqual(
    expect.arrayContaining(before.filter((one) => one !== witness).map((one) => inPlace(one))),
  );

  for (const one of updated) await setNodeReady(site, cluster.name, one, false);
  await eventually('they are replaced', () => areGone(updated), 60);
  await settled(site, changed);
});

async function notHealthy() {
  const present = await machines(site, cluster.name);
  return present.filter(({ conditions }) => conditions['NodeReady']?.status === 'False');
}

async function areGone(list: readonly Summary[]): Promise<boolean> {
  const present = uidsOf(await machines(site, cluster.name));
  return list.every(({ uid }) => !present.includes(uid));
}

function uidsOf(list: readonly { uid: string }[]): string[] {
  return list.map(({ uid }) => uid);
}

function withContent(content: string): LabCluster {
  const version = 'v1.34.3';
  const files = { '/etc/kubernetes/lab.conf': content };
  return {
    name: 'unwell',
    controlPlane: { replicas: 3, version, files },
    workers: [
      { name: 'unwell-updated', replicas: 1, version, files },
      { name: 'unwell-witness', replicas: 1, version },
    ],
  };
}
