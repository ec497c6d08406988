// A control plane of one machine, whose upgrades are Refit's since CAPI would replace it: edited as usual.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PAUSED_ANNOTATION, PAUSED_BY_US } from '../../../src/api/labels.ts';
import { operationName } from '../../../src/api/names.ts';
import { text, texts } from '../../../src/kubernetes/fields.ts';
import { expectOk } from '../../apiserver/api.ts';
import { eventually } from '../../helpers/eventually.ts';
import { declareCluster, type ControlPlane, type LabCluster } from '../kit/cluster.ts';
import { keepDiary, replaced } from '../kit/diary.ts';
import { withControlPlane } from '../kit/edits.ts';
import { ownerOf, patchOwner, recorded, requestUpgrade, retryOwner, upgradesAt } from '../kit/external.ts';
import { throughTwoResyncs } from '../kit/resync.ts';
import { play } from '../kit/script.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { workflows } from '../kit/state.ts';
import { externally, summaries, type Summary } from '../kit/summary.ts';
import { appliedTo, workloadApi } from '../kit/workload.ts';

const REASON = 'the kubelet of this story does not start';
const SYSTEM = 'namespaces/kube-system';

/** As it is between two stories; each changes it. */
let cluster: LabCluster = {
  name: 'sole',
  controlPlane: { replicas: 1, version: 'v1.34.3', external: true, auditPolicy: true },
};

let site: Site;
beforeAll(async () => {
  site = await siteWith('external-control-plane', cluster);
});
afterAll(() => site?.leave());

it('edited with one patch: paused in that write, upgraded in place, given back; CAPI replaces nothing', async () => {
  const before = await summaries(site, cluster);
  const diary = await keepDiary(site);
  await play(site, { default: { kubelet: { holdWhile: true } } });
  const owner = await ownerOf(site, cluster);
  const edited = await expectOk(patchOwner(site, owner, { spec: { version: 'v1.35.1' } }));
  expect(texts(edited, 'metadata', 'annotations')[PAUSED_ANNOTATION]).toBe(PAUSED_BY_US);
  expect(await upgradesAt(site, cluster, owner, 'kubelet')).toEqual(before.map(({ name }) => name));
  await eventually('CAPI leaves it alone', async () => {
    const { conditions } = await ownerOf(site, cluster);
    return conditions['Paused']?.status === 'True';
  });
  // As a Git tool says it again and again: with the version, without the pause.
  declaredNow({ version: 'v1.35.1' });
  await declareCluster(site, cluster);
  const running = { accepted: true, requireUpgrade: 1, upgraded: 0, ready: false };
  expect(await requestUpgrade(site, cluster, owner)).toMatchObject(running);
  const second = await patchOwner(site, owner, { spec: { version: 'v1.36.0' } });
  expect(second.status).toBe(403);
  expect(text(second.body, 'message')).toContain(
    `(Workflow ${operationName(owner, 1)}): wait until it has ended`,
  );

  await play(site, {});
  await expectGivenBack(
    before.map((one) => externally(one, 'v1.35.1')),
    1,
  );
  const done = { accepted: true, requireUpgrade: 0, upgraded: 1, ready: true };
  expect(await requestUpgrade(site, cluster, owner)).toMatchObject(done);
  diary.close();
  expect(replaced(diary)).toEqual([]);
  expect(diary.owners.map(({ what }) => what)).toEqual([
    'asks v1.35.1, paused (capi-refit.io)',
    'asks v1.35.1',
  ]);
});

it('a file and a name of the API server are changed in place', async () => {
  const before = await summaries(site, cluster);
  declaredNow({
    files: { '/etc/sysctl.d/99-lab.conf': 'vm.max_map_count = 262144\n' },
    certSANs: ['api.lab.example.com'],
  });
  await declareCluster(site, cluster);
  await expectGivenBack(
    before.map((one) => externally(one)),
    2,
  );
  for (const one of before) expect((await appliedTo(site, cluster.name, one))?.count).toBe(2);
});

it('a step that fails: CAPI is kept away until a retry has ended it, from 1.35 to 1.36', async () => {
  const before = await summaries(site, cluster);
  const diary = await keepDiary(site);
  await play(site, { default: { kubelet: { fail: REASON, times: 1 } } });
  declaredNow({ version: 'v1.36.0' });
  await declareCluster(site, cluster);
  const failed = await recorded(site, cluster, await ownerOf(site, cluster), 'failed');
  expect(failed).toMatchObject({ paused: PAUSED_BY_US, external: { number: 3 } });
  expect(failed.external?.reason).toContain(REASON);
  const [left] = await summaries(site, cluster);
  expect(left).toMatchObject({ uid: before[0]?.uid, version: 'v1.35.1', operation: '3 failed' });

  await retryOwner(site, failed);
  await expectGivenBack(
    before.map((one) => externally(externally(one), 'v1.36.0')),
    4,
    'Failed',
  );
  diary.close();
  expect(replaced(diary)).toEqual([]);
});

function declaredNow(change: Partial<ControlPlane>): void {
  cluster = withControlPlane(cluster, change);
}

/** And found up to date by CAPI, again and again. `former`: how the Workflow before it ended. */
async function expectGivenBack(expected: Summary[], number: number, former = 'Succeeded'): Promise<void> {
  await settled(site, cluster);
  const { version } = cluster.controlPlane;
  const owner = await recorded(site, cluster, await ownerOf(site, cluster), 'succeeded');
  const wanted = {
    version,
    paused: undefined,
    external: { number, to: version, workflow: operationName(owner, number) },
    status: { replicas: 1, readyReplicas: 1, availableReplicas: 1, upToDateReplicas: 1 },
    conditions: {
      ...conditions('True', 'Available', 'MachinesReady', 'MachinesUpToDate', 'EtcdClusterHealthy'),
      ...conditions('False', 'Paused', 'RollingOut', 'ScalingUp', 'ScalingDown', 'Remediating'),
    },
  };
  expect(owner).toMatchObject(wanted);
  await expectKubeadmAndProxyAt(version);
  expect(await summaries(site, cluster)).toEqual(expected);
  cluster = await throughTwoResyncs(site, cluster, async () =>
    expect(await summaries(site, cluster)).toEqual(expected),
  );
  expect(await ownerOf(site, cluster)).toMatchObject(wanted);
  const all = await workflows(site);
  expect(all).toHaveLength(number);
  const ends = new Map(all.map(({ name, phase }) => [name, phase]));
  expect(ends.get(operationName(owner, number))).toBe('Succeeded');
  if (number > 1) expect(ends.get(operationName(owner, number - 1))).toBe(former);
}

function conditions(status: string, ...types: readonly string[]): Record<string, { status: string }> {
  return Object.fromEntries(types.map((type) => [type, { status }]));
}

/** The one is written by Refit before the first machine, the other by CAPI after the release. */
async function expectKubeadmAndProxyAt(version: string): Promise<void> {
  const api = await workloadApi(site, cluster.name);
  const config = await expectOk(api.get(`/api/v1/${SYSTEM}/configmaps/kubeadm-config`));
  expect(text(config, 'data', 'ClusterConfiguration')).toContain(`kubernetesVersion: ${version}`);
  const proxy = await expectOk(api.get(`/apis/apps/v1/${SYSTEM}/daemonsets/kube-proxy`));
  expect(JSON.stringify(proxy)).toContain(`kube-proxy:${version}`);
}
