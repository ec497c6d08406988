// Three control-plane nodes behind a load balancer are flipped one after the other, while a client reads and writes through it.
import { expect } from '@jest/globals';
import { FLIP_CHANGE } from '../../../src/api/step-result.ts';
import { expectUpgraded, lookBefore } from '../kit/before-and-after.ts';
import { lastReport } from '../kit/last-report.ts';
import { overridePolicy } from '../kit/policy.ts';
import { refitUpgrade } from '../kit/refit-upgrade.ts';
import { firstNode } from '../kit/site.ts';
import { story } from '../kit/story.ts';
import { expectUnharmed } from '../kit/unharmed.ts';
import { NEW } from '../kit/versions.ts';
import { type Own, watched } from '../kit/watched.ts';
import { writeMeasure } from '../measure/figures.ts';

story('three control planes flipped one after the other', async (site) => {
  const nodes = site.cluster.nodes.filter(({ role }) => role === 'control-plane');
  await overridePolicy(site, { controlPlane: { method: 'flip' } });
  const seen = await watched(site, firstNode(site, 'control-plane'), async () => {
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
  writeMeasure({ name: 'flip-ha', ...seen.figures });
  expectUnharmed(seen);
  expect(seen.figures).toMatchObject({ podRestarts: 0, httpFailures: 0, failedWritesRetried: 0 });
});
