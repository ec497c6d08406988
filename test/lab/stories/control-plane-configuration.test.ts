// A control plane whose configuration changes, and not its version; and a change that cannot be made in place.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { found } from '../../helpers/eventually.ts';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { withControlPlane } from '../kit/edits.ts';
import { owners } from '../kit/owners.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { refusal } from '../kit/state.ts';
import { inPlace, summaries } from '../kit/summary.ts';

const cluster: LabCluster = {
  name: 'configured',
  controlPlane: { replicas: 3, version: 'v1.34.3', etcdImageTag: '3.6.4-0', auditPolicy: true },
};
const changed = withControlPlane(cluster, {
  etcdImageTag: '3.6.5-0',
  files: { '/etc/sysctl.d/99-lab.conf': 'vm.max_map_count = 262144\n' },
  certSANs: ['api.lab.example.com'],
});

let site: Site;
beforeAll(async () => {
  site = await siteWith('control-plane-configuration', cluster);
});
afterAll(() => site?.leave());

it('another etcd, a file and a name of the API server are changed in place', async () => {
  const before = await summaries(site, cluster);
  await declareCluster(site, changed);
  await settled(site, changed);

  expect(await summaries(site, changed)).toEqual(before.map((one) => inPlace(one)));
  const [controlPlane] = await owners(site, cluster.name);
  expect(controlPlane).toMatchObject({
    status: { upToDateReplicas: 3 },
    conditions: { RollingOut: { status: 'False' }, MachinesUpToDate: { status: 'True' } },
  });
});

it('what cannot be changed in place is told on a machine, and all of them stay', async () => {
  const before = await summaries(site, changed);
  await declareCluster(site, withControlPlane(changed, { ntpServers: ['ntp.lab.example.com'] }));
  const told = async () => {
    const refusals = await Promise.all(before.map((machine) => refusal(site, machine)));
    return refusals.find((text) => text !== undefined);
  };
  expect(await found('an Event of a machine', told, 30)).toContain('/spec/ntp');

  await declareCluster(site, changed);
  await settled(site, changed);
  expect(await summaries(site, changed)).toEqual(before);
});
