// A change that cannot be made in place: the policy of the lab says `block`.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { found } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { withWorkers } from '../kit/edits.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { refusal } from '../kit/state.ts';
import { summaries } from '../kit/summary.ts';

const cluster: LabCluster = {
  name: 'blocked',
  controlPlane: { replicas: 1, version: 'v1.34.3' },
  workers: [{ name: 'blocked-workers', replicas: 2, version: 'v1.34.3' }],
};
const uncovered = withWorkers(cluster, {
  files: { '/etc/sysctl.d/99-lab.conf': 'covered\n', '/opt/lab.conf': 'not in the policy\n' },
  ntpServers: ['ntp.lab.example.com'],
  users: ['operator'],
});

let site: Site;
beforeAll(async () => {
  site = await siteWith('uncovered', cluster);
});
afterAll(() => site?.leave());

it('keeps the machines and says why on each; taken back, all is as before', async () => {
  const before = await summaries(site, cluster, 'worker');
  await declareCluster(site, uncovered);
  for (const machine of before) {
    const event = await found(`an Event of ${machine.name}`, () => refusal(site, machine), 30);
    expect(event.match(/(?<=bootstrapConfigTemplate \/spec\/template\/spec\/)\S+/g)).toEqual([
      ...['files/1', 'ntp/enabled', 'ntp/servers', 'users/0'],
    ]);
  }

  await declareCluster(site, cluster);
  await settled(site, cluster);
  expect(await summaries(site, cluster, 'worker')).toEqual(before);
});
