// The Workflows that put the last operation of a Machine back.
import { MACHINE_UID_LABEL, OPERATION_LABEL, ROLLBACK_LABEL } from '../../api/labels.ts';
import { WORKFLOWS } from '../../hook/kubernetes/resources.ts';
import { workflowView } from '../../hook/kubernetes/workflow-view.ts';
import type { MachineView, WorkflowView } from '../../hook/store.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { texts } from '../../kubernetes/fields.ts';
import { listAll } from '../list-all.ts';

export interface Rollback {
  attempt: number;
  workflow: WorkflowView;
}

/** Tries so far, the newest last. Errors: those of the client. */
export async function findRollbacks(
  client: ApiClient,
  { namespace, uid }: Pick<MachineView, 'namespace' | 'uid'>,
  operation: number,
): Promise<Rollback[]> {
  const labelSelector = `${MACHINE_UID_LABEL}=${uid},${OPERATION_LABEL}=${operation},${ROLLBACK_LABEL}`;
  const found = (await listAll(client, WORKFLOWS.path(namespace), { labelSelector })).map((object) => ({
    attempt: Number(texts(object, 'metadata', 'labels')[ROLLBACK_LABEL]),
    workflow: workflowView(object),
  }));
  return found.sort((a, b) => a.attempt - b.attempt);
}

/** Name of the Workflow. */
export function runningRollback(rollbacks: readonly Rollback[]): string | undefined {
  return rollbacks.find(({ workflow }) => workflow.finishedAt === undefined)?.workflow.name;
}
