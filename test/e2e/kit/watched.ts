// An upgrade of one node with everything watched from outside that it could disturb: one row of figures, and what was seen.
import { setTimeout as sleep } from 'node:timers/promises';
import { disruptionBudgetsPath } from '../../../src/steps/api/paths.ts';
import { found } from '../../helpers/eventually.ts';
import type { E2eNode } from '../cluster/connect.ts';
import { type Measure, seenFigures } from '../measure/figures.ts';
import { type Observations, watch } from '../measure/watch.ts';
import { otherNode, type Site } from './site.ts';
import {
  BUDGET,
  counterFile,
  deployWorkload,
  NAMESPACE,
  restarts,
  restartsSince,
  webUrl,
} from './workload.ts';

/** What the upgrade says of itself. */
export type Own = Pick<Measure, 'totalSeconds' | 'hostSeconds' | 'flipSeconds' | 'steps'>;

export interface Seen {
  figures: Omit<Measure, 'name'>;
  observations: Observations;
}

/** The API may go away once more after the last word: a newer kubelet makes static pods anew. */
const AFTERWARDS_SECONDS = 40;
const BEFORE_SECONDS = 3;
const BACK_SECONDS = 120;

/** The workload comes first, if it is not there yet. */
export async function watched(site: Site, node: E2eNode, upgrade: () => Promise<Own>): Promise<Seen> {
  await deployWorkload(site);
  const before = await restarts(site);
  const watching = await watch({
    kubeconfigPath: site.cluster.kubeconfigPath,
    nodeName: node.name,
    httpUrl: await webUrl(site, otherNode(site, node)),
    counterFile: counterFile(node),
    budgetPath: `${disruptionBudgetsPath(NAMESPACE)}/${BUDGET}`,
  });
  let own: Own;
  let after: Awaited<ReturnType<typeof restarts>>;
  try {
    await sleep(BEFORE_SECONDS * 1000);
    own = await upgrade();
    await sleep(AFTERWARDS_SECONDS * 1000);
    // It may be away just then.
    after = await found('pods', () => restarts(site), BACK_SECONDS);
  } catch (error) {
    await watching.end();
    throw error;
  }
  const observations = await watching.end();
  const podRestarts = restartsSince(before, after);
  return { figures: { ...own, ...seenFigures(observations), podRestarts }, observations };
}
