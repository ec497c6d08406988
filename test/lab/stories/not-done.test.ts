// What ends without an update: a change that cannot be made in place (the policy of the lab says `block`), a step that
// fails on the node. The machine waits for a person.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { operationName } from '../../../src/api/names.ts';
import { found } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { withDeployment } from '../kit/edits.ts';
import { play } from '../kit/script.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { events, type Machine, machines, refusal, retry } from '../kit/state.ts';
import { summariesOf } from '../kit/summary.ts';

const REASON = 'the kubelet of this story does not start';

const cluster: LabCluster = {
  name: 'waiting',
  controlPlane: { replicas: 1, version: 'v1.34.3' },
  workers: [
    { name: 'blocked', replicas: 2, version: 'v1.34.3' },
    { name: 'failing', replicas: 1, version: 'v1.33.7' },
  ],
};

let site: Site;
beforeAll(async () => {
  site = await siteWith('not-done', cluster);
});
afterAll(() => site?.leave());

it('an uncovered change keeps the machines and says why on each; taken back, all is as before', async () => {
  const uncovered = withDeployment(cluster, 'blocked', {
    files: { '/etc/sysctl.d/99-lab.conf': 'covered\n', '/opt/lab.conf': 'not in the policy\n' },
    ntpServers: ['ntp.lab.example.com'],
    users: ['operator'],
  });
  const before = await summariesOf(site, cluster, 'blocked');
  await declareCluster(site, uncovered);
  for (const machine of before) {
    const event = await found(`an Event of ${machine.name}`, () => refusal(site, machine), 30);
    expect(event.match(/(?<=bootstrapConfigTemplate \/spec\/template\/spec\/)\S+/g)).toEqual([
      ...['files/1', 'ntp/enabled', 'ntp/servers', 'users/0'],
    ]);
  }

  await declareCluster(site, cluster);
  await settled(site, cluster);
  expect(await summariesOf(site, cluster, 'blocked')).toEqual(before);
});

it('a failing step is told on the Machine, is not tried again by itself, and is completed in place by a retry', async () => {
  const upgraded = withDeployment(cluster, 'failing', { version: 'v1.34.3' });
  const [before] = await summariesOf(site, cluster, 'failing');
  await play(site, { default: { kubelet: { fail: REASON, times: 1 } } });
  await declareCluster(site, upgraded);

  const failed = await found('the reason on the Machine', failedMachine, 90);
  expect(failed.conditions['Updating']).toMatchObject({ status: 'True', reason: 'InPlaceUpdating' });
  expect(failed.operation).toMatchObject({ number: 1, state: 'failed' });
  expect(failed.operation?.reason).toContain(REASON);
  expect(await events(site, failed)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(`^InPlaceStepFailed: step kubelet: .*${REASON}`),
      expect.stringMatching(`^InPlaceUpdateFailed: operation 1: .*${REASON}`),
    ]),
  );

  const retriedAt = Date.now();
  await retry(site, failed);
  await settled(site, upgraded);
  const after = (await machines(site, cluster.name)).find(({ uid }) => uid === failed.uid);
  expect(Date.parse(after?.operation?.startedAt ?? '')).toBeGreaterThanOrEqual(retriedAt);
  expect(await summariesOf(site, upgraded, 'failing')).toEqual([
    {
      ...before,
      ...{ version: 'v1.34.3', kubeletVersion: 'v1.34.3', operation: '2 succeeded' },
      workflows: [`${operationName(failed, 1)} Failed`, `${operationName(failed, 2)} Succeeded`],
    },
  ]);
});

async function failedMachine(): Promise<Machine | undefined> {
  return (await machines(site, cluster.name, 'worker')).find(({ conditions }) =>
    conditions['Updating']?.message.includes(`operation 1 failed: step kubelet`),
  );
}
