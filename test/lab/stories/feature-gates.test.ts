// From 1.35 to 1.36 CAPI itself takes a feature gate out of the control plane's configuration.
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { declareCluster, type LabCluster } from '../kit/cluster.ts';
import { withVersion } from '../kit/edits.ts';
import { settled, siteWith } from '../kit/settled.ts';
import type { Site } from '../kit/site.ts';
import { inPlace, summaries } from '../kit/summary.ts';

const cluster: LabCluster = { name: 'gated', controlPlane: { replicas: 3, version: 'v1.35.1' } };
const upgraded = withVersion(cluster, 'v1.36.0');

let site: Site;
beforeAll(async () => {
  site = await siteWith('feature-gates', cluster);
});
afterAll(() => site?.leave());

it('is upgraded in place although its feature gates change', async () => {
  const before = await summaries(site, cluster);
  await declareCluster(site, upgraded);
  await settled(site, upgraded);
  expect(await summaries(site, upgraded)).toEqual(before.map((one) => inPlace(one, 'v1.36.0')));
});
