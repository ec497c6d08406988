// How an upgrade of an owner ends: what is recorded, and whether Cluster API gets the owner back. Pure.
import { at, texts } from './fields.ts';
import { isPausedByUs, writeExternal, type ExternalRecord } from './external-record.ts';
import { isObject, type JsonObject } from './json.ts';
import { FALLBACK_ANNOTATION, FALLBACK_ROLLING, PAUSED_ANNOTATION, RETRY_ANNOTATION } from './labels.ts';
import { mergePatchBetween } from './merge-patch.ts';

export interface End {
  state: 'succeeded' | 'failed' | 'declined';
  reason?: string;
  /** When it ended. */
  now: Date;
}

/**
 * Cluster API replaces every Machine that is not as its owner asks: an owner with such Machines is given back only if
 * that was opted in. Otherwise it stays paused until somebody retries, or edits it back.
 */
export function isReleased(annotations: Readonly<Record<string, string>>, state: End['state']): boolean {
  return state === 'succeeded' || annotations[FALLBACK_ANNOTATION] === FALLBACK_ROLLING;
}

/** Annotations of the owner to set, and to remove (null): a pause that is not ours is left. */
export function endAnnotations(
  owner: JsonObject,
  record: ExternalRecord,
  { state, reason, now }: End,
): Record<string, string | null> {
  const annotations = texts(owner, 'metadata', 'annotations');
  const others: ExternalRecord = { ...record };
  delete others.reason;
  if (state === 'succeeded' && record.release !== undefined) others.applied = record.release;
  const releases = isReleased(annotations, state);
  const ended = state === 'declined' && releases ? 'failed' : state;
  return {
    ...writeExternal({
      ...others,
      state: ended,
      ...(ended === 'declined' ? {} : { finishedAt: now.toISOString() }),
      ...(reason === undefined ? {} : { reason }),
    }),
    ...(releases && isPausedByUs(annotations) ? { [PAUSED_ANNOTATION]: null } : {}),
    ...(RETRY_ANNOTATION in annotations ? { [RETRY_ANNOTATION]: null } : {}),
  };
}

const TEMPLATE_FIELDS = ['version', 'failureDomain', 'bootstrap', 'infrastructureRef'];

/** What a MachineSet with Machines must become for its MachineDeployment to take it as its newest. */
export function machineSetPatch(machineSet: JsonObject, deployment: JsonObject): JsonObject {
  const patch = mergePatchBetween(compared(machineSet), compared(deployment));
  return Object.keys(patch).length === 0 ? {} : { spec: { template: { spec: patch } } };
}

function compared(owner: JsonObject): JsonObject {
  const spec = at(owner, 'spec', 'template', 'spec');
  const entries = isObject(spec) ? Object.entries(spec) : [];
  return Object.fromEntries(entries.filter(([key]) => TEMPLATE_FIELDS.includes(key)));
}
