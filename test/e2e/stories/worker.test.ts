// A worker goes to the version of its control plane.
import { expect } from '@jest/globals';
import { expectUpgraded, lookBefore } from '../kit/before-and-after.ts';
import { nextWorker } from '../kit/next-worker.ts';
import { workflowNames } from '../kit/operation.ts';
import { refitUpgrade } from '../kit/refit-upgrade.ts';
import { story } from '../kit/story.ts';
import { repeatRequest } from '../kit/update.ts';
import { expectUnharmed } from '../kit/unharmed.ts';
import { NEW } from '../kit/versions.ts';
import { watched } from '../kit/watched.ts';
import { writeMeasure } from '../measure/figures.ts';

story('worker upgraded in place', async (site) => {
  const node = await nextWorker(site);
  const before = await lookBefore(site, node);
  const seen = await watched(site, node, () => refitUpgrade(site, node, { version: NEW }, 900));
  writeMeasure({ name: 'refit-worker', ...seen.figures });
  await expectUpgraded(site, node, before, 1);
  expectUnharmed(seen);

  const workflows = await workflowNames(site);
  const again = await repeatRequest(site, node.name);
  expect((await again.done(60)).message).toBe('operation 1: done');
  expect(again.answers).toHaveLength(1);
  expect(await workflowNames(site)).toEqual(workflows);
});
