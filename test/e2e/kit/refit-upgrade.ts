// An update of a node by Refit, measured.
import type { JsonObject } from '../../../src/api/json.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { found } from '../../helpers/eventually.ts';
import type { E2eNode } from '../cluster/connect.ts';
import type { Desired } from './desired.ts';
import { hostReports, timesOf } from './host-reports.ts';
import { operation, type Operation, resultsOf, workflow } from './operation.ts';
import type { Site } from './site.ts';
import { beginUpdate } from './update.ts';
import type { Own } from './watched.ts';

const END_SECONDS = 120;

/** From the request to `done`, as Cluster API is told it. Errors: what it is told instead. */
export async function refitUpgrade(
  site: Site,
  node: E2eNode,
  desired: Desired,
  seconds: number,
): Promise<Own> {
  const update = await beginUpdate(site, node.name, desired);
  try {
    const { at } = await update.done(seconds);
    const last = await operation(site, node.name);
    if (!last) throw new Error(`Machine ${node.name}: got no operation, expected one`);
    const reports = hostReports(node, last.name);
    // The last step says that it is done before it ends.
    const ended = await found('the end of the Workflow', () => endedWorkflow(site, last), END_SECONDS);
    const totalSeconds = (at - update.requestedAt) / 1000;
    return { totalSeconds, ...timesOf(reports, resultsOf(ended, last.name)) };
  } finally {
    await update.close();
  }
}

async function endedWorkflow(site: Site, last: Operation): Promise<JsonObject | undefined> {
  const object = await workflow(site, last);
  return text(object, 'status', 'finishedAt') === undefined ? undefined : object;
}
