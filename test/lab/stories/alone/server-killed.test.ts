// Refit's server is killed, and started again.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { eventually } from '../../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../../kit/cluster.ts';
import { restart } from '../../kit/disruption.ts';
import { withControlPlane, withWorkers } from '../../kit/edits.ts';
import { type Gate, openGate, says, type Write } from '../../kit/gate.ts';
import { play } from '../../kit/script.ts';
import { settled } from '../../kit/settled.ts';
import type { Site } from '../../kit/site.ts';
import { type Machine, machines, workflows } from '../../kit/state.ts';
import { machineAt } from '../../kit/held.ts';
import { inPlace, summaries } from '../../kit/summary.ts';
import { appliedTo } from '../../kit/workload.ts';
import { siteInTurn } from '../../kit/turn.ts';

/** Longer than its policy's settleSeconds: it must see a MachineDeployment for that long before it says yes. */
const UP_SECONDS = 6;
/** On a quiet machine all five Machines are done in the time of five kills. */
const LEAST_KILLS = 4;

const cluster: LabCluster = {
  name: 'orphaned',
  controlPlane: { replicas: 3, version: 'v1.33.7' },
  workers: [{ name: 'orphaned-workers', replicas: 2, version: 'v1.33.7' }],
};
const changed = withFile('changed');
const upgraded = withControlPlane(withFile('changed again'), { version: 'v1.34.3' });

let site: Site;
beforeAll(async () => {
  site = await siteInTurn('server-killed', cluster);
});
afterAll(() => site?.leave());

it('at every stage of an operation, and between two: each is done once, in one Workflow', async () => {
  const before = await summaries(site, cluster, 'worker');
  await play(site, { default: { kubelet: { holdWhile: true } } });
  await site.lab.kill('refit');
  await declareCluster(site, changed);
  await killedAtEachWrite();

  const first = await machineAt(site, cluster, 'kubelet');
  await restart(site, 'refit');
  await site.lab.kill('refit');
  await play(site, {});
  await eventually('its end', async () => (await now(first)).operation?.state === 'succeeded', 60);
  expect(await isUpdating(first)).toBe(true);
  await site.lab.start('refit');

  await eventually('CAPI knows its end', async () => !(await isUpdating(first)), 60);
  await restart(site, 'refit');
  await settled(site, changed);
  expect(await summaries(site, changed, 'worker')).toEqual(before.map((one) => inPlace(one)));
  for (const one of before) expect((await appliedTo(site, cluster.name, one))?.count).toBe(1);
});

it('every few seconds: control plane and workers are brought there in place all the same', async () => {
  const [controlPlane, workers] = await bothRoles();
  await declareCluster(site, upgraded);
  const rollout = new AbortController();
  const end = settled(site, upgraded, 240).finally(() => rollout.abort());
  const [kills] = await Promise.all([killNowAndThen(rollout.signal), end]);
  expect(kills).toBeGreaterThanOrEqual(LEAST_KILLS);
  expect(await bothRoles()).toEqual([
    controlPlane.map((one) => inPlace(one, 'v1.34.3')),
    workers.map((one) => inPlace(one)),
  ]);
});

function withFile(content: string): LabCluster {
  return withWorkers(cluster, { files: { '/etc/kubernetes/lab.conf': content } });
}

/** In the middle of it: none is stored, and what was stored before is what the next server finds. */
async function killedAtEachWrite(): Promise<void> {
  const gate = await openGate(site);
  try {
    expect(await killedAt(gate, says('starting'))).toEqual({ record: undefined, workflows: 0 });
    expect(await killedAt(gate, isWorkflow)).toEqual({ record: 'starting', workflows: 0 });
    expect(await killedAt(gate, says('running'))).toEqual({ record: 'starting', workflows: 1 });
    await site.lab.start('refit');
  } finally {
    await gate.close();
  }
}

async function killedAt(gate: Gate, isMeant: (write: Write) => boolean) {
  const held = gate.hold(isMeant);
  await site.lab.start('refit');
  const { lost } = await held;
  await site.lab.kill('refit');
  await lost;
  const present = await machines(site, cluster.name, 'worker');
  return {
    record: present.find(({ operation }) => operation !== undefined)?.operation?.state,
    workflows: (await workflows(site)).length,
  };
}

function isWorkflow({ resource }: Write): boolean {
  return resource === 'workflows';
}

async function killNowAndThen(signal: AbortSignal): Promise<number> {
  for (let kills = 0; ; kills += 1) {
    await sleep(UP_SECONDS * 1000);
    if (signal.aborted) return kills;
    await restart(site, 'refit');
  }
}

async function now({ uid }: Machine): Promise<Machine> {
  const present = await machines(site, cluster.name);
  return present.find((machine) => machine.uid === uid) as Machine;
}

async function isUpdating(machine: Machine): Promise<boolean> {
  return (await now(machine)).conditions['Updating']?.status === 'True';
}

function bothRoles() {
  return Promise.all([summaries(site, cluster, 'control-plane'), summaries(site, cluster, 'worker')]);
}
