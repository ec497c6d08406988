import { machinePatches, patched, situationHash } from '../../api/external-desired.ts';
import { text, texts } from '../../api/fields.ts';
import type { JsonObject } from '../../api/json.ts';
import { isFinal, knownRecord, writeRecord, type OperationRecord } from '../../api/operation.ts';
import { BLOCKED_ANNOTATION } from '../../api/labels.ts';
import { machineTask } from '../../api/names.ts';
import { failedTasks } from '../../api/workflow-failures.ts';
import { machinesPath, workflowPath } from '../../kubernetes/external-reads.ts';
import type { ExternalContext, ExternalStep } from './external-step.ts';
import { failed, heldOwner, machineSituation, pathOf } from './owner.ts';
import { writePatch } from '../../kubernetes/external-writes.ts';
import { unpackedWorkflow } from '../../kubernetes/unpacked-workflow.ts';

/**
 * The record first: from then on everybody sees that the Machine is in work. Then what its steps read: the wanted
 * bootstrap configuration. Errors: Failed when the owner asks for something else than what was planned.
 */
export const begin: ExternalStep = async (context) => {
  const { flags, management } = context;
  const { ask } = await heldOwner(context);
  const now = await machineSituation(context, ask);
  const patches = machinePatches(ask, now);
  const desired = patched(now, patches);
  const met = situationHash({ ...desired, machine: now.machine });
  if (met !== flags.hash) {
    throw failed(
      flags,
      `Machine ${flags.machine} is to become something else by now: hash ${met}, expected ${flags.hash}`,
    );
  }
  const isNew = await writeOperation(context, now.machine, situationHash(desired));
  const config = now.bootstrapConfig;
  const isConfigured =
    config !== undefined &&
    (await writePatch(management, await pathOf(context, config), config, patches.bootstrapConfig));
  return {
    message: isNew ? `operation ${flags.operation} began` : `operation ${flags.operation} had begun before`,
    changes: [...(isNew ? [{ what: 'Machine' }] : []), ...(isConfigured ? [{ what: 'KubeadmConfig' }] : [])],
  };
};

/** True: written. Errors: Failed when another operation runs, or this one has ended. */
async function writeOperation(context: ExternalContext, machine: JsonObject, hash: string) {
  const { flags, management, clock } = context;
  const annotations = texts(machine, 'metadata', 'annotations');
  const before = knownRecord(annotations);
  if (
    before?.number === flags.operation &&
    before.workflow === flags.workflow &&
    before.state === 'running'
  ) {
    return false;
  }
  const isFree = before === undefined || (isFinal(before) && before.number < flags.operation);
  if (!isFree) {
    throw failed(
      flags,
      `Machine ${flags.machine}: operation ${before.number} (${before.state}) is in the way of ${flags.operation}`,
    );
  }
  const why = annotations[BLOCKED_ANNOTATION];
  if (why !== undefined) throw failed(flags, `Machine ${flags.machine} is blocked: ${why}`);
  await mustNotFollowFailure(context);
  const from = text(machine, 'status', 'nodeInfo', 'kubeletVersion');
  const record: OperationRecord = {
    version: 1,
    number: flags.operation,
    hash,
    state: 'running',
    ...(from === undefined ? {} : { from }),
    to: flags.kubernetesVersion,
    startedAt: clock.now().toISOString(),
    workflow: flags.workflow,
  };
  const path = machinesPath(flags.namespace, flags.machine);
  return writePatch(management, path, machine, { metadata: { annotations: writeRecord(record) } });
}

/** A Machine that waited for others does not begin when one of them has failed: Argo goes on while it only runs some. */
async function mustNotFollowFailure({ management, flags }: ExternalContext): Promise<void> {
  const workflow = await management.get(workflowPath(flags.namespace, flags.workflow));
  const before = failedTasks(unpackedWorkflow(workflow)).filter(
    (task) => task !== machineTask(flags.machine),
  );
  if (before.length > 0)
    throw failed(flags, `${before.join(', ')} failed: Machine ${flags.machine} is not begun`);
}
