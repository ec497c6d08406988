// CAPI's own managers are killed, and started again: core calls CanUpdateMachineSet and UpdateMachine, the one of control
// planes calls CanUpdateMachine. What they remember of Refit's answers is lost.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { found } from '../../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../../kit/cluster.ts';
import { restart } from '../../kit/disruption.ts';
import { withControlPlane, withWorkers } from '../../kit/edits.ts';
import { openGate, says } from '../../kit/gate.ts';
import { play } from '../../kit/script.ts';
import { settled, UPDATE_IN_PROGRESS } from '../../kit/settled.ts';
import type { Site } from '../../kit/site.ts';
import { type Machine, machines } from '../../kit/state.ts';
import { machineAt } from '../../kit/held.ts';
import { inPlace, summaries } from '../../kit/summary.ts';
import { siteInTurn } from '../../kit/turn.ts';

const cluster: LabCluster = {
  name: 'unmanaged',
  controlPlane: { replicas: 3, version: 'v1.33.7' },
  workers: [{ name: 'unmanaged-workers', replicas: 2, version: 'v1.33.7' }],
};
const upgraded = withControlPlane(cluster, { version: 'v1.34.3' });
const changed = withWorkers(upgraded, { files: { '/etc/kubernetes/lab.conf': 'changed\n' } });

let site: Site;
beforeAll(async () => {
  site = await siteInTurn('capi-core-killed', cluster);
});
afterAll(() => site?.leave());

it('in the middle of a control plane: its machines are upgraded in place, each in one Workflow', async () => {
  const before = await summaries(site, cluster, 'control-plane');
  await play(site, { default: { kubelet: { holdWhile: true } } });
  await declareCluster(site, upgraded);
  const first = await machineAt(site, cluster, 'kubelet');
  await restart(site, 'capi-core', 'capi-control-plane');
  expect(await machineAt(site, cluster, 'kubelet')).toMatchObject({ uid: first.uid });

  await play(site, {});
  await settled(site, upgraded);
  expect(await summaries(site, cluster, 'control-plane')).toEqual(
    before.map((one) => inPlace(one, 'v1.34.3')),
  );
});

it('when it has asked and is not answered yet, and when it is about to ask: workers are changed so, too', async () => {
  const before = await summaries(site, cluster, 'worker');
  const gate = await openGate(site);
  try {
    const held = gate.hold(says('starting'));
    await declareCluster(site, changed);
    await held;
    await site.lab.kill('capi-core');
  } finally {
    await gate.close();
  }
  await site.lab.start('capi-core');

  const done = await found('the first one done', () => workerThat(isDone), 90);
  await found('the next one to be updated', () => workerThat(isToBeUpdated(done)), 60);
  await restart(site, 'capi-core');
  await settled(site, changed);
  expect(await summaries(site, changed, 'worker')).toEqual(before.map((one) => inPlace(one)));
});

async function workerThat(is: (machine: Machine) => boolean): Promise<Machine | undefined> {
  return (await machines(site, cluster.name, 'worker')).find(is);
}

function isDone({ operation, conditions }: Machine): boolean {
  return operation?.state === 'succeeded' && conditions['Updating']?.status === 'False';
}

function isToBeUpdated({ uid }: Machine): (other: Machine) => boolean {
  return (other) => other.uid !== uid && UPDATE_IN_PROGRESS in other.annotations;
}
