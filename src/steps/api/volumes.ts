// Volumes that must leave the node, or a pod that moved cannot start elsewhere. Only what has a VolumeAttachment (CSI).
import type { JsonObject, JsonValue } from '../../api/json.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { at, list, text } from '../../kubernetes/fields.ts';
import { orAbsent } from './absent.ts';
import type { ApiStepContext } from './api-step.ts';
import { isFinished } from './evictable.ts';
import { items } from './items.ts';
import { claimPath, VOLUME_ATTACHMENTS, volumeAttachmentPath } from './paths.ts';

export interface Attachment {
  /** Of the VolumeAttachment. */
  name: string;
  /** PersistentVolume. */
  volume: string;
}

/** Those of the node whose volume no pod on it uses. */
export async function attachmentsToGo(
  { workload, nodeName }: ApiStepContext,
  pods: readonly JsonObject[],
): Promise<Attachment[]> {
  const attached: Attachment[] = [];
  for await (const item of items(workload, VOLUME_ATTACHMENTS)) {
    if (text(item, 'spec', 'nodeName') !== nodeName) continue;
    // Inline volumes have no PersistentVolume: whose they are cannot be told.
    const volume = text(item, 'spec', 'source', 'persistentVolumeName');
    if (volume !== undefined) attached.push({ name: text(item, 'metadata', 'name') ?? '', volume });
  }
  const used =
    attached.length === 0 ? [] : await Promise.all(claimsOf(pods).map((c) => volumeOf(workload, c)));
  return attached.filter(({ volume }) => !used.includes(volume));
}

/** Those that are still there. */
export async function stillThere(
  { workload }: ApiStepContext,
  attachments: readonly Attachment[],
): Promise<Attachment[]> {
  const found = await Promise.all(
    attachments.map(async (one) =>
      (await orAbsent(workload.get(volumeAttachmentPath(one.name)))) ? [one] : [],
    ),
  );
  return found.flat();
}

interface Claim {
  namespace: string;
  name: string;
}

/** PersistentVolumeClaims of pods that run: named ones, and those that a pod brings along (`<pod>-<volume>`). */
export function claimsOf(pods: readonly JsonObject[]): Claim[] {
  return pods
    .filter((pod) => !isFinished(pod))
    .flatMap((pod) =>
      list(pod, 'spec', 'volumes').flatMap((volume) => {
        const name = claimName(volume, text(pod, 'metadata', 'name') ?? '');
        return name === undefined ? [] : [{ namespace: text(pod, 'metadata', 'namespace') ?? '', name }];
      }),
    );
}

function claimName(volume: JsonValue, pod: string): string | undefined {
  if (at(volume, 'ephemeral') !== undefined) return `${pod}-${text(volume, 'name') ?? ''}`;
  return text(volume, 'persistentVolumeClaim', 'claimName');
}

async function volumeOf(workload: ApiClient, { namespace, name }: Claim): Promise<string | undefined> {
  return text(await orAbsent(workload.get(claimPath(namespace, name))), 'spec', 'volumeName');
}
