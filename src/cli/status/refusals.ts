// Why Refit refuses, as its Events say: Cluster API shows it nowhere. Pure.
import type { JsonObject } from '../../api/json.ts';
import { text } from '../../kubernetes/fields.ts';
import type { Refusal } from './machine-status.ts';

export const REFUSED = 'InPlaceUpdateBlocked';

/** UID of the Machine -> the newest one. */
export function refusals(events: readonly JsonObject[]): Map<string, Refusal> {
  const found = new Map<string, Refusal>();
  for (const event of events) {
    const uid = text(event, 'involvedObject', 'uid');
    const created = text(event, 'metadata', 'creationTimestamp') ?? '';
    const firstAt = text(event, 'firstTimestamp') ?? created;
    const lastAt = text(event, 'lastTimestamp') ?? firstAt;
    if (uid === undefined || text(event, 'reason') !== REFUSED) continue;
    const known = found.get(uid);
    if (known && Date.parse(known.lastAt) >= Date.parse(lastAt)) continue;
    found.set(uid, { message: text(event, 'message') ?? 'no reason given', firstAt, lastAt });
  }
  return found;
}
