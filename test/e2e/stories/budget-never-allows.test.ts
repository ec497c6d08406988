// A PodDisruptionBudget never lets a pod of the node go.
import { expect } from '@jest/globals';
import { list, text } from '../../../src/kubernetes/fields.ts';
import { disruptionBudgetsPath, podsPath } from '../../../src/steps/api/paths.ts';
import { expectOk } from '../../apiserver/api.ts';
import { tryAgain } from '../kit/try-again.ts';
import { expectRestored, expectUpgraded, lookBefore } from '../kit/before-and-after.ts';
import { nextWorker } from '../kit/next-worker.ts';
import { nodeFacts } from '../kit/node-facts.ts';
import { nodeState } from '../kit/node-state.ts';
import type { Site } from '../kit/site.ts';
import { story } from '../kit/story.ts';
import { stubborn } from '../kit/stubborn.ts';
import { beginUpdate } from '../kit/update.ts';
import { NEW } from '../kit/versions.ts';

const NAME = 'stubborn';
const DRAIN_SECONDS = 60;

story('a budget that never allows eviction is named, and waited for until it is gone', async (site) => {
  const node = await nextWorker(site);
  const before = await lookBefore(site, node);
  await stubborn(site, NAME, node);
  const pods = await podsOf(site);
  const desired = { version: NEW, nodeDrainTimeoutSeconds: DRAIN_SECONDS };
  const update = await beginUpdate(site, node.name, desired);
  try {
    const { message } = await update.says(/^operation 1 failed/, 420);
    expect(message).toMatch(
      new RegExp(`step drain: .*not drained in ${DRAIN_SECONDS} s: .*PodDisruptionBudget.*${NAME}`),
    );
    await expectRestored(site, node, before);
    expect((await nodeState(site, node)).isCordoned).toBe(false);
    // The list of the node waited for the drain, and was told to stop.
    expect(nodeFacts(node)).toEqual(before.facts);
    expect(await podsOf(site)).toEqual(pods);

    await expectOk(site.api.delete(`${disruptionBudgetsPath('default')}/${NAME}`));
    await tryAgain(site, node);
    await update.done(600);
    await expectUpgraded(site, node, before, 2);
  } finally {
    await update.close();
  }
});

async function podsOf(site: Site): Promise<(string | undefined)[]> {
  const answer = await expectOk(site.api.get(`${podsPath('default')}?labelSelector=app=${NAME}`));
  return list(answer, 'items').map((pod) => text(pod, 'metadata', 'uid'));
}
