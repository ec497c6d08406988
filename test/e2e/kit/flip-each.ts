// All control-plane nodes flipped one after the other, while a client reads and writes through what is in front of them.
import { expect } from '@jest/globals';
import { FLIP_CHANGE } from '../../../src/api/step-result.ts';
import { expectUpgraded, lookBefore } from './before-and-after.ts';
import { lastReport } from './last-report.ts';
import { overridePolicy } from './policy.ts';
import { refitUpgrade } from './refit-upgrade.ts';
import { firstNode, type Site } from './site.ts';
import { NEW } from './versions.ts';
import { type Own, type Seen, watched } from './watched.ts';

export async function flipEach(site: Site): Promise<Seen> {
  const nodes = site.cluster.nodes.filter(({ role }) => role === 'control-plane');
  await overridePolicy(site, { controlPlane: { method: 'flip' } });
  return watched(site, firstNode(site, 'control-plane'), async () => {
    const sum: Own = { totalSeconds: 0, hostSeconds: 0, flipSeconds: 0, steps: {} };
    for (const node of nodes) {
      const before = await lookBefore(site, node);
      const own = await refitUpgrade(site, node, { version: NEW }, 900);
      await expectUpgraded(site, node, before, 1);
      for (const key of ['totalSeconds', 'hostSeconds', 'flipSeconds'] as const) sum[key] += own[key];
      for (const [step, seconds] of Object.entries(own.steps)) sum.steps[`${node.name} ${step}`] = seconds;
      const kubeadm = await lastReport(site, node, 'kubeadm');
      expect(kubeadm?.changes.map(({ what }) => what)).toContain(FLIP_CHANGE);
    }
    return sum;
  });
}
