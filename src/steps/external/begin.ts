import { machinePatches, patched, situationHash, type MachinePatches } from '../../api/external-desired.ts';
import { text, texts } from '../../api/fields.ts';
import type { JsonObject } from '../../api/json.ts';
import { isFinal, knownRecord, writeRecord, type OperationRecord } from '../../api/operation.ts';
import { machinesPath } from '../../kubernetes/external-reads.ts';
import type { ExternalContext, ExternalStep } from './external-step.ts';
import { failed, heldOwner, machineSituation } from './owner.ts';
import { writePatch } from '../../kubernetes/external-writes.ts';

/**
 * The record first: from then on everybody sees that the Machine is in work. Then what its steps read: the wanted
 * bootstrap configuration. Errors: Failed when the owner asks for something else than what was planned.
 */
export const begin: ExternalStep = async (context) => {
  const { flags, management, reads } = context;
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
  const isConfigured = config !== undefined && (await writeConfig(config, patches));
  return {
    message: isNew ? `operation ${flags.operation} began` : `operation ${flags.operation} had begun before`,
    changes: [...(isNew ? [{ what: 'Machine' }] : []), ...(isConfigured ? [{ what: 'KubeadmConfig' }] : [])],
  };

  async function writeConfig(object: JsonObject, { bootstrapConfig }: MachinePatches): Promise<boolean> {
    const reference = { apiGroup: groupOf(object), kind: text(object, 'kind') ?? '' };
    const path = `${await reads.pathOf(reference, flags.namespace)}/${text(object, 'metadata', 'name')}`;
    return writePatch(management, path, object, bootstrapConfig);
  }
};

/** True: written. Errors: Failed when another operation runs, or this one has ended. */
async function writeOperation(
  { flags, management, clock }: ExternalContext,
  machine: JsonObject,
  hash: string,
) {
  const before = knownRecord(texts(machine, 'metadata', 'annotations'));
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

export function groupOf(object: JsonObject): string {
  return (text(object, 'apiVersion') ?? '').split('/').slice(0, -1).join('/');
}
