// A control plane of three machines: a minor version up, another configuration, and both at once by CAPI's own doing.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually, found } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { type Entry, keepDiary } from '../kit/diary.ts';
import { withControlPlane, withVersion } from '../kit/edits.ts';
import { owners } from '../kit/owners.ts';
import { play } from '../kit/script.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { machines, refusal } from '../kit/state.ts';
import { inPlace, summaries } from '../kit/summary.ts';
import { nodeOf } from '../kit/workload.ts';
import { text } from '../../../src/kubernetes/fields.ts';

/** As it is between two stories; each changes it. */
let cluster: LabCluster = {
  name: 'three',
  controlPlane: { replicas: 3, version: 'v1.34.3', etcdImageTag: '3.6.4-0', auditPolicy: true },
};

let site: Site;
beforeAll(async () => {
  site = await siteWith('control-plane', cluster);
});
afterAll(() => site?.leave());

it('is upgraded in place, a machine only when the Node of the one before shows the version', async () => {
  const from = cluster.controlPlane.version;
  cluster = withVersion(cluster, 'v1.35.1');
  const before = await summaries(site, cluster);
  const diary = await keepDiary(site);
  await play(site, { default: { kubelet: { holdWhile: true } } });
  await declareCluster(site, cluster);

  const first = await found('a machine whose kubelet is held', heldMachine, 60);
  await eventually('the control plane knows where it is', async () => {
    const [controlPlane] = await owners(site, cluster.name);
    return controlPlane?.conditions['MachinesUpToDate']?.message.includes('kubelet') ?? false;
  });
  expect(await kubeletVersion(first)).toBe(from);
  const waiting = before.filter(({ name }) => name !== first);
  expect((await summaries(site, cluster)).filter(({ name }) => name !== first)).toEqual(
    waiting.map((one) => ({ ...one, conditions: { ...one.conditions, UpToDate: 'False' } })),
  );

  await play(site, {});
  await settled(site, cluster);
  diary.close();
  expect(await summaries(site, cluster)).toEqual(before.map((one) => inPlace(one, 'v1.35.1')));
  for (const { name } of before) expect(await kubeletVersion(name)).toBe('v1.35.1');
  const order = namesOf(diary.machines);
  expect(order).toHaveLength(3);
  expect(diary.machines.filter(isMilestone)).toEqual(
    order.flatMap((name) => ['updating', 'shows v1.35.1', 'updated'].map((what) => ({ name, what }))),
  );
  await expectUpToDate();
});

it('another etcd, a file and a name of the API server are changed in place', async () => {
  cluster = withControlPlane(cluster, {
    etcdImageTag: '3.6.5-0',
    files: { '/etc/sysctl.d/99-lab.conf': 'vm.max_map_count = 262144\n' },
    certSANs: ['api.lab.example.com'],
  });
  const before = await summaries(site, cluster);
  await declareCluster(site, cluster);
  await settled(site, cluster);

  expect(await summaries(site, cluster)).toEqual(before.map((one) => inPlace(one)));
  await expectUpToDate();
});

it('what cannot be changed in place is told on a machine, and all of them stay', async () => {
  const before = await summaries(site, cluster);
  await declareCluster(site, withControlPlane(cluster, { ntpServers: ['ntp.lab.example.com'] }));
  const told = async () => {
    const refusals = await Promise.all(before.map((machine) => refusal(site, machine)));
    return refusals.find((text) => text !== undefined);
  };
  expect(await found('an Event of a machine', told, 30)).toContain('/spec/ntp');

  await declareCluster(site, cluster);
  await settled(site, cluster);
  expect(await summaries(site, cluster)).toEqual(before);
});

it('is upgraded in place from 1.35 to 1.36, where CAPI takes a feature gate out of its configuration', async () => {
  cluster = withVersion(cluster, 'v1.36.0');
  const before = await summaries(site, cluster);
  await declareCluster(site, cluster);
  await settled(site, cluster);
  expect(await summaries(site, cluster)).toEqual(before.map((one) => inPlace(one, 'v1.36.0')));
  await expectUpToDate();
});

async function expectUpToDate(): Promise<void> {
  const [controlPlane] = await owners(site, cluster.name);
  expect(controlPlane).toMatchObject({
    version: cluster.controlPlane.version,
    status: { replicas: 3, readyReplicas: 3, availableReplicas: 3, upToDateReplicas: 3 },
    conditions: { RollingOut: { status: 'False' }, MachinesUpToDate: { status: 'True' } },
  });
}

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
