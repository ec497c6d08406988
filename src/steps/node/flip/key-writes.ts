// Every write that etcd took after a revision, read from its history, deletions too: a list of keys would not show those.
import { z } from 'zod';
import { StatusError } from '../../../api/errors.ts';
import type { Host } from '../../host/host.ts';
import { etcdRevision, type EtcdAccess } from '../etcd.ts';
import { jsonLines } from '../json-lines.ts';

export interface KeyWrite {
  key: string;
  /** undefined: it was not there. */
  before: Uint8Array | undefined;
  /** undefined: deleted. */
  after: Uint8Array | undefined;
}

const WATCH_SECONDS = 20;
/** etcd cuts its answers where asked to, at about its limit for requests (1.5 MiB); base64 makes it more. */
const MAX_LINE_BYTES = 8 * 2 ** 20;
/** Of all keys, in base64: from the zero byte to no end. */
const ALL_KEYS = { key: 'AA==', range_end: 'AA==' };

const base64 = z.string().transform((text) => Buffer.from(text, 'base64'));
const keyValue = z.object({
  key: base64,
  value: base64.optional(),
  // Absent where it is zero, as everything that is zero.
  mod_revision: z.coerce.number().int().default(0),
});
const messageSchema = z.object({
  result: z.object({
    canceled: z.boolean().default(false),
    events: z
      .array(z.object({ type: z.string().optional(), kv: keyValue, prev_kv: keyValue.optional() }))
      .default([]),
  }),
});

/**
 * Up to the revision that etcd has now. Errors: StatusError, also when its history does not reach back so far (compacted),
 * or when it has no leader.
 */
export async function keyWritesSince(host: Host, access: EtcdAccess, revision: number): Promise<KeyWrite[]> {
  const now = await etcdRevision(host, access);
  if (now < revision) throw unreadable(`got revision ${now}, expected none before ${revision}`);
  if (now === revision) return [];
  const create = { ...ALL_KEYS, start_revision: String(revision + 1), prev_kv: true, fragment: true };
  const stream = await host.download({
    url: `${access.url}/v3/watch`,
    method: 'POST',
    body: JSON.stringify({ create_request: create }),
    tls: access.tls,
    timeoutSeconds: WATCH_SECONDS,
  });
  const writes: KeyWrite[] = [];
  // The stream has no end of its own: leaving the loop closes it.
  for await (const line of jsonLines(stream, MAX_LINE_BYTES, 'etcd watch')) {
    const message = messageSchema.safeParse(line);
    if (!message.success) throw unreadable('got a line that is no message of a watch');
    const { canceled, events } = message.data.result;
    if (canceled) throw unreadable(`got no history from revision ${revision + 1} on, expected all of it`);
    let last = 0;
    for (const { type, kv, prev_kv: before } of events) {
      last = kv.mod_revision;
      const after = type === 'DELETE' ? undefined : (kv.value ?? Buffer.alloc(0));
      writes.push({
        key: kv.key.toString(),
        before: before && (before.value ?? Buffer.alloc(0)),
        after,
      });
    }
    if (last >= now) return writes;
  }
  throw unreadable(`got an end before revision ${now}`);
}

function unreadable(why: string): StatusError {
  return new StatusError(`etcd watch: ${why}`, { reason: 'Failed' });
}
