// The management API server is away for two minutes: longer than what most that need it wait for one answer.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../../kit/cluster.ts';
import { putInOrder, restart } from '../../kit/disruption.ts';
import { withControlPlane, withWorkers } from '../../kit/edits.ts';
import { play } from '../../kit/script.ts';
import { settled } from '../../kit/settled.ts';
import type { Site } from '../../kit/site.ts';
import { machines } from '../../kit/state.ts';
import { isMachineAt } from '../../kit/steps.ts';
import { inPlace, summaries } from '../../kit/summary.ts';
import { appliedTo } from '../../kit/workload.ts';
import { siteInTurn } from '../../kit/turn.ts';

const AWAY_SECONDS = 120;
/** Then they look for it every 30 to 60 seconds (client-go), and work goes on. */
const BACK_SECONDS = 300;
/** The player looks at its script every second. */
const PLAYER_SECONDS = 2;

const cluster: LabCluster = {
  name: 'cut-off',
  controlPlane: { replicas: 3, version: 'v1.33.7' },
  workers: [{ name: 'cut-off-workers', replicas: 2, version: 'v1.33.7', maxUnavailable: 2 }],
};
const files = { '/etc/kubernetes/lab.conf': 'changed\n' };
const changed = withControlPlane(withWorkers(cluster, { files }), { version: 'v1.34.3' });

let site: Site;
beforeAll(async () => {
  site = await siteInTurn('api-server-away', cluster);
});
afterAll(async () => {
  if (!site) return;
  await putInOrder(site);
  // It keeps the locks of Workflows whose deletion it did not see.
  await restart(site, 'argo');
  await site.leave();
});

it('while a control plane and workers are worked on: all end in place, each in one Workflow', async () => {
  const [controlPlane, workers] = await bothRoles();
  const held = workers[0]?.name ?? '';
  await play(site, { default: { configure: { holdWhile: true } } });
  await declareCluster(site, changed);
  await eventually('three are in the middle', async () => (await atConfigure()).length === 3, 90);

  const soon = { configure: { seconds: 2 * PLAYER_SECONDS } };
  await play(site, { default: soon, [held]: { configure: { holdWhile: true } } });
  await sleep(PLAYER_SECONDS * 1000);
  await site.lab.kill('kube-apiserver');
  await sleep(AWAY_SECONDS * 1000);
  await putInOrder(site);
  await eventually('the end of the wait is told', () => play(site, {}).then(() => true), 30);
  await settled(site, changed, BACK_SECONDS);
  expect(await bothRoles()).toEqual([
    controlPlane.map((one) => inPlace(one, 'v1.34.3')),
    workers.map((one) => inPlace(one)),
  ]);
  for (const one of [...controlPlane, ...workers]) {
    expect((await appliedTo(site, cluster.name, one))?.count).toBe(1);
  }
});

/** Names of machines. */
async function atConfigure(): Promise<string[]> {
  const names: string[] = [];
  for (const machine of await machines(site, cluster.name)) {
    if (await isMachineAt(site, 'configure', machine)) names.push(machine.name);
  }
  return names;
}

function bothRoles() {
  return Promise.all([summaries(site, cluster, 'control-plane'), summaries(site, cluster, 'worker')]);
}
