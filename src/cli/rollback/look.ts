// Asks the node of a control plane what would be lost: etcd's history is known there alone.
import { text } from '../../kubernetes/fields.ts';
import { rollbackLookWorkflow } from '../../generators/rollback.ts';
import { WORKFLOWS } from '../../hook/kubernetes/resources.ts';
import type { WorkflowView } from '../../hook/store.ts';
import { followWorkflow } from '../follow-workflow.ts';
import type { Io } from '../io.ts';
import type { Management } from '../management.ts';
import { patience } from '../patience.ts';
import type { RollbackPlan } from './decision.ts';
import type { RollbackSituation } from './read.ts';

export interface NodeLook {
  /** For people. */
  message: string;
  mayGoBack: boolean;
}

const RETENTION_SECONDS = 600;

/** undefined: not waited for any more (Ctrl-C). Errors: those of the client. */
export async function lookAtNode(
  { machine }: RollbackSituation,
  { role, record: { number } }: RollbackPlan,
  stepTemplates: string,
  management: Management,
  io: Io,
): Promise<NodeLook | undefined> {
  const { client, clock, namespace } = management;
  const input = { machine, role, number, stepTemplates, retentionSeconds: RETENTION_SECONDS };
  const made = await client.create(WORKFLOWS.path(namespace), rollbackLookWorkflow(input, clock.now()));
  const name = text(made, 'metadata', 'name') ?? '';
  io.err(`The node is asked what would be lost: Workflow ${namespace}/${name}\n`);
  const ended = await followWorkflow(management, namespace, name, patience(io), () => undefined);
  return ended && { message: endOf(ended), mayGoBack: ended.phase === 'Succeeded' };
}

/** What the step said, or why it did not. */
export function endOf({ tasks: [task], message, phase }: WorkflowView): string {
  if (phase === 'Succeeded') return messageOf(task?.outputs['result']) ?? 'done';
  return task?.message ?? message ?? phase;
}

/** The result of a step is JSON (api/step-result.ts); its message is for people. */
function messageOf(result: string | undefined): string | undefined {
  try {
    const { message } = JSON.parse(result ?? '') as { message?: unknown };
    return typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}
