import { StatusError } from '../../api/errors.ts';
import type { ApiStep } from './api-step.ts';
import { removeCordon } from './cordon.ts';
import { cordonedBy, nodeState } from './node.ts';
import { nodePath } from './paths.ts';
import { poll, summary } from './poll.ts';

const LOOK_SECONDS = 2;

/** Takes away our cordon, whichever operation set it, once the Node is Ready. Errors: Failed when it does not get so. */
export const uncordon: ApiStep = async (context) => {
  const { workload, nodeName, timeoutSeconds } = context;
  let isOurs = false;
  const problems = await poll(context, { seconds: timeoutSeconds, everySeconds: LOOK_SECONDS }, async () => {
    const node = await workload.get(nodePath(nodeName));
    isOurs = cordonedBy(node) !== undefined;
    return !isOurs || nodeState(node).ready ? [] : ['condition Ready: got False, expected True'];
  });
  if (problems.length > 0) {
    throw new StatusError(`Node ${nodeName}: ${summary(problems)}; it stays cordoned`, { reason: 'Failed' });
  }
  // Also our mark on a Node that a person uncordoned: with it, that person's next cordon would look like ours.
  await removeCordon(context);
  if (!isOurs) return { message: 'not cordoned by Refit', changes: [] };
  return { message: 'uncordoned', changes: [{ what: 'unschedulable', from: 'true' }] };
};
