import { StatusError } from '../../api/errors.ts';
import { machinePatches, patched, situationHash } from '../../api/external-desired.ts';
import { text, texts } from '../../api/fields.ts';
import type { JsonObject } from '../../api/json.ts';
import { knownRecord } from '../../api/operation.ts';
import type { ExternalContext, ExternalStep } from './external-step.ts';
import { failed, heldOwner, machineSituation, pathOf } from './owner.ts';
import { writePatch } from '../../kubernetes/external-writes.ts';

/**
 * The node is done: its objects say so. The Machine last, since its version is what people and Cluster API look at.
 * Errors: Failed when the owner asks for something else than what was done: objects must not say what the node is not.
 */
export const settle: ExternalStep = async (context) => {
  const { flags, management } = context;
  const { ask } = await heldOwner(context);
  const now = await machineSituation(context, ask);
  const patches = machinePatches(ask, now);
  const record = knownRecord(texts(now.machine, 'metadata', 'annotations'));
  const hash = situationHash(patched(now, patches));
  if (record?.workflow !== flags.workflow || record.hash !== hash) {
    throw failed(
      flags,
      `Machine ${flags.machine} is to become something else by now: hash ${hash}, expected ${record?.hash ?? 'none'}`,
    );
  }
  await endOnNode(context);
  const written: string[] = [];
  const write = async (object: JsonObject, patch: JsonObject): Promise<void> => {
    const isWritten = await writePatch(management, await pathOf(context, object), object, patch);
    if (isWritten) written.push(text(object, 'kind') ?? '');
  };
  await write(now.infrastructureMachine, patches.infrastructureMachine);
  if (now.bootstrapConfig) await write(now.bootstrapConfig, patches.bootstrapConfig);
  await write(now.machine, patches.machine);
  return {
    message: `the Machine is as ${ask.kind} ${ask.name} asks`,
    changes: written.map((what) => ({ what })),
  };
};

/**
 * The last word to the node, as after an operation of its own: it frees itself for the next one, and gives the Lease of
 * control planes back, for which the next Machine waits. One that cannot be asked keeps both, and the next one says so.
 * Errors: Unavailable while it works.
 */
async function endOnNode({ flags, finishMachine, log }: ExternalContext): Promise<void> {
  const { host, message } = await finishMachine(flags.machine, flags.operation, 'Succeeded');
  log(message);
  if (host === 'working')
    throw new StatusError(`Machine ${flags.machine}: ${message}`, { reason: 'Unavailable' });
}
