// Writes that both the server and the steps of an external upgrade do.
import { machineSetPatch } from '../api/external-release.ts';
import { isPausedByUs } from '../api/external-record.ts';
import { at, text, texts } from '../api/fields.ts';
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
    const hasMachines = Number(at(set, 'spec', 'replicas') ?? 1) > 0;
    const annotations = isPausedByUs(texts(set, 'metadata', 'annotations'))
      ? { [PAUSED_ANNOTATION]: null }
      : {};
    const patch = {
      ...(isDone && hasMachines ? machineSetPatch(set, deployment) : {}),
      ...(Object.keys(annotations).length > 0 ? { metadata: { annotations } } : {}),
    };
    const path = machineSetPath(namespace, text(set, 'metadata', 'name') ?? '');
    await writePatch(client, path, set, patch);
  }
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
