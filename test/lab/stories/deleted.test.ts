// A Machine that somebody deletes in the middle of its operation.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { CONTROL_PLANE_LEASE, NODE_NAMESPACE } from '../../../src/api/install.ts';
import { operationName } from '../../../src/api/names.ts';
import { MACHINES } from '../../../src/hook/kubernetes/resources.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { expectOk } from '../../apiserver/api.ts';
import { eventually } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { type Diary, keepDiary } from '../kit/diary.ts';
import { withControlPlane, withWorkers } from '../kit/edits.ts';
import { machineAt } from '../kit/held.ts';
import { play } from '../kit/script.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { events, type Machine, workflows } from '../kit/state.ts';
import { inPlace, summaries, type Summary } from '../kit/summary.ts';
import { workloadApi } from '../kit/workload.ts';

const files = { '/etc/sysctl.d/99-lab.conf': 'vm.swappiness = 1\n' };
const cluster: LabCluster = {
  name: 'deleted',
  controlPlane: { replicas: 3, version: 'v1.34.3' },
  workers: [{ name: 'deleted-workers', replicas: 2, version: 'v1.34.3' }],
};
const workersChanged = withWorkers(cluster, { files });
const allChanged = withControlPlane(workersChanged, { files });

let site: Site;
beforeAll(async () => {
  site = await siteWith('deleted', cluster);
});
afterAll(() => site?.leave());

it('a worker: its operation is stopped and closed before it goes, and CAPI makes another one', async () => {
  const before = await summaries(site, cluster, 'worker');
  const diary = await keepDiary(site);
  await play(site, { default: { kubelet: { holdWhile: true } } });
  await declareCluster(site, workersChanged);
  const held = await machineAt(site, cluster, 'kubelet');
  await deleteMachine(held);
  await eventually('stopped', () => wroteOf(diary, held).includes('operation 1 stopping'));
  await play(site, {});
  await settled(site, workersChanged);
  diary.close();

  expect(wroteOf(diary, held).slice(-3)).toEqual([
    'operation 1 stopping',
    'operation 1 cancelled',
    'deleted',
  ]);
  const wrote = diary.workflows.filter(({ name }) => name === operationName(held, 1));
  expect(wrote.map(({ what }) => what).slice(-3)).toEqual(['Failed', 'finish Succeeded', 'deleted']);
  const told = await events(site, held);
  for (const reason of ['InPlaceUpdateCancelled', 'InPlaceProtectionEnded']) {
    expect(told).toContainEqual(expect.stringMatching(`^${reason}: .*the Machine is being deleted`));
  }
  await expectReplaced(before, held, await summaries(site, cluster, 'worker'));
});

it('a control plane whose node cannot be asked any more: it goes all the same, and the others are updated', async () => {
  const before = await summaries(site, cluster, 'control-plane');
  const diary = await keepDiary(site);
  await play(site, { default: { kubelet: { holdWhile: true } } });
  await declareCluster(site, allChanged);
  const held = await machineAt(site, cluster, 'kubelet');
  await play(site, { [held.name]: { kubelet: { holdWhile: true } } });
  await deleteMachine(held);
  await eventually('ended', () => wroteOf(diary, held).includes('operation 1 failed'), 60);
  expect(await leaseHolder()).toBe(operationName(held, 1));

  await settled(site, allChanged);
  diary.close();
  expect(wroteOf(diary, held).slice(-3)).toEqual(['operation 1 stopping', 'operation 1 failed', 'deleted']);
  await expectReplaced(before, held, await summaries(site, cluster, 'control-plane'));
  expect(await leaseHolder()).toBeUndefined();
});

async function deleteMachine({ name }: Machine): Promise<void> {
  await expectOk(site.api.delete(MACHINES.path(site.namespace, name)));
}

function wroteOf({ machines }: Diary, { name }: Machine): string[] {
  return machines.filter((entry) => entry.name === name).map(({ what }) => what);
}

/** The others were updated in place, and nothing of the deleted one is left. */
async function expectReplaced(before: readonly Summary[], held: Machine, after: readonly Summary[]) {
  const kept = before.filter(({ uid }) => uid !== held.uid);
  const isKept = ({ uid }: Summary): boolean => kept.some((one) => one.uid === uid);
  expect(after.filter(isKept)).toEqual(kept.map((one) => inPlace(one)));
  const conditions = before[0]?.conditions;
  expect(after.filter((one) => !isKept(one))).toMatchObject([
    { conditions, operation: undefined, workflows: [] },
  ]);
  expect((await workflows(site)).filter(({ machineUid }) => machineUid === held.uid)).toEqual([]);
}

/** The in-memory API knows no Leases: the player keeps it in a ConfigMap. */
async function leaseHolder(): Promise<string | undefined> {
  const api = await workloadApi(site, cluster.name);
  const path = `/api/v1/namespaces/${NODE_NAMESPACE}/configmaps/lease.${CONTROL_PLANE_LEASE}`;
  const spec = JSON.parse(text(await expectOk(api.get(path)), 'data', 'spec') ?? '{}') as object;
  return 'holderIdentity' in spec ? String(spec.holderIdentity) : undefined;
}
