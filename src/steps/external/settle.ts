import { machinePatches } from '../../api/external-desired.ts';
import { text } from '../../api/fields.ts';
import type { JsonObject } from '../../api/json.ts';
import { machinesPath } from '../../kubernetes/external-reads.ts';
import { groupOf } from './begin.ts';
import type { ExternalStep } from './external-step.ts';
import { heldOwner, machineSituation } from './owner.ts';
import { writePatch } from '../../kubernetes/external-writes.ts';

/** The node is done: its objects say so. The Machine last, since its version is what people and Cluster API look at. */
export const settle: ExternalStep = async (context) => {
  const { flags, management, reads } = context;
  const { ask } = await heldOwner(context);
  const now = await machineSituation(context, ask);
  const patches = machinePatches(ask, now);
  const written: string[] = [];
  const write = async (object: JsonObject, patch: JsonObject): Promise<void> => {
    const kind = text(object, 'kind') ?? '';
    const path = `${await reads.pathOf({ apiGroup: groupOf(object), kind }, flags.namespace)}/${text(object, 'metadata', 'name')}`;
    if (await writePatch(management, path, object, patch)) written.push(kind);
  };
  await write(now.infrastructureMachine, patches.infrastructureMachine);
  if (now.bootstrapConfig) await write(now.bootstrapConfig, patches.bootstrapConfig);
  const path = machinesPath(flags.namespace, flags.machine);
  if (await writePatch(management, path, now.machine, patches.machine)) written.push('Machine');
  return {
    message: `the Machine is as ${ask.kind} ${ask.name} asks`,
    changes: written.map((what) => ({ what })),
  };
};
