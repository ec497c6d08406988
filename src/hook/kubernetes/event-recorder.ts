import { createHash } from 'node:crypto';
import type { Clock } from '../../api/clock.ts';
import { StatusError } from '../../api/errors.ts';
import type { JsonObject } from '../../api/json.ts';
import type { EventInput } from '../store.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { at } from '../../kubernetes/fields.ts';
import { CAPI_API_VERSION, EVENTS } from './resources.ts';

const COMPONENT = 'capi-refit';
/** The same Event is not sent again so soon: CAPI asks again and again, and every answer may be the same refusal. */
const QUIET_SECONDS = 600;
const MAX_REMEMBERED = 2000;
/** The API's limit. */
const MAX_MESSAGE_BYTES = 1024;

/** Records Kubernetes Events. The same text about the same object is one Event that is counted. Errors: StatusError. */
export function eventRecorder(client: ApiClient, clock: Clock): (event: EventInput) => Promise<void> {
  /** Event name -> monotonic seconds; oldest first. */
  const sent = new Map<string, number>();

  return async function record(input) {
    const event = eventOf(input, clock.now());
    const now = clock.monotonic();
    const last = sent.get(event.metadata.name);
    if (last !== undefined && now - last < QUIET_SECONDS) return;
    remember(event.metadata.name, now);
    try {
      await client.create(EVENTS.path(input.namespace), event);
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'AlreadyExists') return count(event);
      sent.delete(event.metadata.name);
      throw error;
    }
  };

  function remember(name: string, now: number): void {
    sent.delete(name);
    sent.set(name, now);
    const oldest = sent.keys().next().value;
    if (sent.size > MAX_REMEMBERED && oldest !== undefined) sent.delete(oldest);
  }

  /** Two replicas that count at once may lose one: that is no harm. */
  async function count(event: ReturnType<typeof eventOf>): Promise<void> {
    const path = EVENTS.path(event.metadata.namespace, event.metadata.name);
    const existing = await client.get(path);
    const before = Number(at(existing, 'count') ?? 1);
    await client.mergePatch(path, { count: before + 1, lastTimestamp: event.lastTimestamp });
  }
}

const API_VERSIONS: Readonly<Partial<Record<EventInput['kind'], string>>> = {
  ConfigMap: 'v1',
  KubeadmControlPlane: 'controlplane.cluster.x-k8s.io/v1beta2',
};

function eventOf({ kind, namespace, name, uid, type, reason, message }: EventInput, at: Date) {
  const digest = createHash('sha256')
    .update(JSON.stringify([uid ?? kind, reason, message]))
    .digest('hex')
    .slice(0, 16);
  const time = at.toISOString();
  const apiVersion = API_VERSIONS[kind] ?? CAPI_API_VERSION;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { namespace, name: `${name.slice(0, 200)}.${digest}` },
    involvedObject: { apiVersion, kind, namespace, name, ...(uid === undefined ? {} : { uid }) },
    type,
    reason,
    message: cutBytes(message, MAX_MESSAGE_BYTES),
    count: 1,
    firstTimestamp: time,
    lastTimestamp: time,
    source: { component: COMPONENT },
    reportingComponent: COMPONENT,
    reportingInstance: COMPONENT,
  } satisfies JsonObject;
}

/** A character that would be cut in two is left out. */
function cutBytes(value: string, limit: number): string {
  const bytes = Buffer.from(value);
  if (bytes.length <= limit) return value;
  return `${new TextDecoder().decode(bytes.subarray(0, limit - 3), { stream: true })}...`;
}
