// Waits for the end of a Workflow and tells what changes meanwhile.
import { StatusError } from '../api/errors.ts';
import { WORKFLOWS } from '../hook/kubernetes/resources.ts';
import { workflowView } from '../hook/kubernetes/workflow-view.ts';
import type { WorkflowView } from '../hook/store.ts';
import { orAbsent } from '../steps/api/absent.ts';
import type { Management } from './management.ts';
import type { Patience } from './patience.ts';

const LOOK_SECONDS = 2;

/**
 * `tell` gets every view that differs from the last. Undefined: not waited for any more (Ctrl-C). An API server that is away
 * is waited for: it may be on the node that is worked on. Errors: Failed when the Workflow is gone; those of the client.
 */
export async function followWorkflow(
  { client, clock, signal }: Management,
  namespace: string,
  name: string,
  patient: Patience,
  tell: (workflow: WorkflowView) => void,
): Promise<WorkflowView | undefined> {
  let last = '';
  while (!signal.aborted) {
    const object = await patient(orAbsent(client.get(WORKFLOWS.path(namespace, name))));
    if (object === undefined)
      throw new StatusError(`Workflow ${namespace}/${name}: deleted before it ended`, { reason: 'Failed' });
    if (object !== 'away') {
      const workflow = workflowView(object);
      const news = JSON.stringify(workflow);
      if (news !== last) tell(workflow);
      last = news;
      if (workflow.finishedAt !== undefined) return workflow;
    }
    await clock.sleep(LOOK_SECONDS, signal);
  }
  return undefined;
}
