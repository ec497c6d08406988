// The owner of the Machines, as a command of its upgrade meets it.
import { StatusError } from '../../api/errors.ts';
import { askOf, type Ask } from '../../api/external-owner.ts';
import { isHeld, isPausedByUs, knownExternal, type ExternalRecord } from '../../api/external-record.ts';
import type { MachineSituation } from '../../api/external-desired.ts';
import { text, texts } from '../../api/fields.ts';
import type { JsonObject } from '../../api/json.ts';
import { STRATEGY_EXTERNAL, STRATEGY_LABEL } from '../../api/labels.ts';
import { machinesPath, ownerPath } from '../../kubernetes/external-reads.ts';
import type { ExternalContext, ExternalFlags } from './external-step.ts';

interface HeldOwner {
  ask: Ask;
  owner: JsonObject;
  record: ExternalRecord;
}

/** Errors: Failed when this upgrade is not that owner's any more, or nothing keeps Cluster API away from it. */
export async function heldOwner(context: ExternalContext): Promise<HeldOwner> {
  const { flags } = context;
  const found = await ownerOf(context);
  const { record, owner, ask } = found;
  const label = texts(owner, 'metadata', 'labels')[STRATEGY_LABEL];
  if (label !== STRATEGY_EXTERNAL) {
    throw failed(
      flags,
      `label ${STRATEGY_LABEL}: got ${label ?? 'none'}, expected ${STRATEGY_EXTERNAL}: it was taken from Refit`,
    );
  }
  if (!isHeld(record)) throw failed(flags, `upgrade ${record.number}: got ${record.state}, expected running`);
  if (!isPausedByUs(texts(owner, 'metadata', 'annotations'))) {
    throw failed(flags, 'is not paused any more: Cluster API would replace its Machines');
  }
  if (ask.version !== flags.kubernetesVersion) {
    throw failed(flags, `asks for ${ask.version} by now, expected ${flags.kubernetesVersion}`);
  }
  return found;
}

/** Errors: Failed when its record is of another upgrade. */
export async function ownerOf({ management, flags }: ExternalContext): Promise<HeldOwner> {
  const owner = await management.get(ownerPath(flags.ownerKind, flags.namespace, flags.owner));
  const ask = askOf({ ...owner, kind: flags.ownerKind });
  const record = knownExternal(texts(owner, 'metadata', 'annotations'));
  if (record?.number !== flags.number) {
    throw failed(flags, `upgrade: got ${record?.number ?? 'none'}, expected ${flags.number}`);
  }
  if (ask.cluster !== flags.cluster)
    throw failed(flags, `Cluster: got ${ask.cluster}, expected ${flags.cluster}`);
  return { ask, owner, record };
}

/** The Machine of the flags with its objects. */
export async function machineSituation(context: ExternalContext, ask: Ask): Promise<MachineSituation> {
  const { management, reads, flags } = context;
  const machine = await management.get(machinesPath(flags.namespace, flags.machine));
  if (text(machine, 'spec', 'clusterName') !== flags.cluster) {
    throw failed(
      flags,
      `Machine ${flags.machine}: Cluster: got ${text(machine, 'spec', 'clusterName')}, expected ${flags.cluster}`,
    );
  }
  return reads.situation(ask, machine);
}

/** Of an object of the Machine, as it was read. */
export async function pathOf({ reads, flags }: ExternalContext, object: JsonObject): Promise<string> {
  const apiGroup = (text(object, 'apiVersion') ?? '').split('/')[0] ?? '';
  const collection = await reads.pathOf({ apiGroup, kind: text(object, 'kind') ?? '' }, flags.namespace);
  return `${collection}/${encodeURIComponent(text(object, 'metadata', 'name') ?? '')}`;
}

export function failed({ ownerKind, namespace, owner }: ExternalFlags, problem: string): StatusError {
  return new StatusError(`${ownerKind} ${namespace}/${owner}: ${problem}`, { reason: 'Failed' });
}
