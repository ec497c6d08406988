// Writes that both the server and the steps of an external upgrade do.
import { machineSetPatch } from '../api/external-release.ts';
import { isPausedByUs } from '../api/external-record.ts';
import type { Clock } from '../api/clock.ts';
import { at, list, text, texts } from '../api/fields.ts';
import { isObject, type JsonObject } from '../api/json.ts';
import { PAUSED_ANNOTATION } from '../api/labels.ts';
import type { ApiClient } from './api-client.ts';
import { machineSetPath } from './external-reads.ts';

/** Those with Machines become what the MachineDeployment asks for, or it would make a new one and replace all. */
export async function releaseSets(
  client: ApiClient,
  namespace: string,
  deployment: JsonObject,
  sets: readonly JsonObject[],
  isDone: boolean,
): Promise<void> {
  for (const set of sets) {
    const annotations = isPausedByUs(texts(set, 'metadata', 'annotations'))
      ? { [PAUSED_ANNOTATION]: null }
      : {};
    const patch = {
      ...(isDone && hasMachines(set) ? machineSetPatch(set, deployment) : {}),
      ...(Object.keys(annotations).length > 0 ? { metadata: { annotations } } : {}),
    };
    const path = machineSetPath(namespace, text(set, 'metadata', 'name') ?? '');
    await writePatch(client, path, set, patch);
  }
}

const SEEN_SECONDS = 120;
const LOOK_SECONDS = 1;

/**
 * To be awaited between the release of MachineSets and that of their MachineDeployment: its controller reads both from a
 * cache, and would make a new MachineSet, and delete a Machine, if it saw its own release first. That of MachineSets has
 * the same cache. False: not seen in time, so perhaps nobody looks.
 */
export async function untilSeen(
  client: ApiClient,
  { clock, signal }: { clock: Clock; signal?: AbortSignal },
  namespace: string,
  sets: readonly JsonObject[],
): Promise<boolean> {
  const paths = sets
    .filter(hasMachines)
    .map((set) => machineSetPath(namespace, text(set, 'metadata', 'name')));
  const end = clock.monotonic() + SEEN_SECONDS;
  for (;;) {
    const now = await Promise.all(paths.map((path) => client.get(path)));
    if (now.every(isSeen)) return true;
    if (clock.monotonic() >= end || signal?.aborted) return false;
    await clock.sleep(LOOK_SECONDS, signal);
  }
}

/** The condition is written first, and also when the rest of the look fails. */
function isSeen(set: JsonObject): boolean {
  const conditions = list(set, 'status', 'conditions');
  const paused = conditions.find((condition) => text(condition, 'type') === 'Paused');
  const isFree = text(paused, 'status') === 'False';
  const seen = [at(set, 'status', 'observedGeneration'), isFree ? at(paused, 'observedGeneration') : 0];
  return (
    Math.max(...seen.map((value) => Number(value ?? 0))) >= Number(at(set, 'metadata', 'generation') ?? 0)
  );
}

function hasMachines(set: JsonObject): boolean {
  return Number(at(set, 'spec', 'replicas') ?? 1) > 0;
}

/**
 * Patches an object that was read, unless somebody changed it since: Conflict, and the command is run again. Nothing
 * is written for an empty patch; true: written.
 */
export async function writePatch(
  client: ApiClient,
  path: string,
  read: JsonObject,
  patch: JsonObject,
): Promise<boolean> {
  if (Object.keys(patch).length === 0) return false;
  const metadata = isObject(patch['metadata']) ? patch['metadata'] : {};
  const resourceVersion = text(read, 'metadata', 'resourceVersion') ?? '';
  await client.mergePatch(path, { ...patch, metadata: { ...metadata, resourceVersion } });
  return true;
}
