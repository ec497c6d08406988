// The only control-plane node goes to the next minor version at once, etcd with it; its pods stay where they are.
import { expect } from '@jest/globals';
import { FLIP_CHANGE } from '../../../src/api/step-result.ts';
import { expectUpgraded, lookBefore } from '../kit/before-and-after.ts';
import { certificates } from '../kit/node-facts.ts';
import { lastReport } from '../kit/last-report.ts';
import { overridePolicy } from '../kit/policy.ts';
import { refitUpgrade } from '../kit/refit-upgrade.ts';
import { firstNode } from '../kit/site.ts';
import { story } from '../kit/story.ts';
import { expectUnharmed } from '../kit/unharmed.ts';
import { NEW } from '../kit/versions.ts';
import { watched } from '../kit/watched.ts';
import { writeMeasure } from '../measure/figures.ts';

story('control plane flipped', async (site) => {
  const node = firstNode(site, 'control-plane');
  await overridePolicy(site, { controlPlane: { method: 'flip' } });
  const before = await lookBefore(site, node);
  const seen = await watched(site, node, () => refitUpgrade(site, node, { version: NEW }, 900));
  writeMeasure({ name: 'flip-control-plane', ...seen.figures });
  await expectUpgraded(site, node, before, 1);
  expectUnharmed(seen);
  expect(seen.figures).toMatchObject({ cordonedSeconds: 0, podRestarts: 0, httpFailures: 0 });
  const kubeadm = await lastReport(site, node, 'kubeadm');
  expect(kubeadm?.changes.map(({ what }) => what)).toContain(FLIP_CHANGE);
  for (const [file, serial] of Object.entries(certificates(node))) {
    expect({ file, isNew: serial !== before.certificates[file] }).toEqual({ file, isNew: true });
  }
});
