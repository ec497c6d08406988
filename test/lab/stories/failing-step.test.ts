// A step that fails on the node: the machine waits for a person.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { operationName } from '../../../src/api/names.ts';
import { found } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { withWorkers } from '../kit/edits.ts';
import { play } from '../kit/script.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { events, machines, retry } from '../kit/state.ts';
import { summaries } from '../kit/summary.ts';

const REASON = 'the kubelet of this story does not start';

const cluster: LabCluster = {
  name: 'failing',
  controlPlane: { replicas: 1, version: 'v1.34.3' },
  workers: [{ name: 'failing-workers', replicas: 1, version: 'v1.33.7' }],
};
const upgraded = withWorkers(cluster, { version: 'v1.34.3' });

let site: Site;
beforeAll(async () => {
  site = await siteWith('failing-step', cluster);
});
afterAll(() => site?.leave());

it('is told on the Machine, is not tried again by itself, and is completed in place by a retry', async () => {
  const [before] = await summaries(site, cluster, 'worker');
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
  const [after] = await machines(site, cluster.name, 'worker');
  expect(Date.parse(after?.operation?.startedAt ?? '')).toBeGreaterThanOrEqual(retriedAt);
  expect(await summaries(site, upgraded, 'worker')).toEqual([
    {
      ...before,
      ...{ version: 'v1.34.3', kubeletVersion: 'v1.34.3', operation: '2 succeeded' },
      workflows: [`${operationName(failed, 1)} Failed`, `${operationName(failed, 2)} Succeeded`],
    },
  ]);
});

async function failedMachine() {
  const [machine] = await machines(site, cluster.name, 'worker');
  return machine?.conditions['Updating']?.message.includes(`operation 1 failed: step kubelet`)
    ? machine
    : undefined;
}
