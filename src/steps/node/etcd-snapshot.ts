// A snapshot of etcd's database into a file, through the JSON form of its API: one object per line, bytes in base64.
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { StatusError } from '../../api/errors.ts';
import type { Host } from '../host/host.ts';
import type { EtcdAccess } from './etcd.ts';
import { jsonLines } from './json-lines.ts';

export interface EtcdSnapshot {
  bytes: number;
  /** Of the whole file. */
  sha256: string;
}

/** etcd appends the sha256 of the database; the database itself is whole pages. */
const SUM_BYTES = 32;
const SECTOR_BYTES = 512;
/** etcd sends 32 KiB at a time. */
const MAX_LINE_BYTES = 4 * 2 ** 20;

const messageSchema = z.object({
  // The very last message may hold nothing.
  result: z.object({ blob: z.string().default('') }).optional(),
  error: z.object({ message: z.string() }).optional(),
});

/**
 * Nothing lies at the path unless etcd's own sum fits. What `etcdutl snapshot restore` takes.
 * Errors: StatusError Unavailable when etcd breaks off, Failed when what came or what lies there is not the database.
 */
export async function saveEtcdSnapshot(
  host: Host,
  { url, tls }: EtcdAccess,
  path: string,
  timeoutSeconds: number,
): Promise<EtcdSnapshot> {
  const received = await host.download({
    url: `${url}/v3/maintenance/snapshot`,
    method: 'POST',
    body: '{}',
    tls,
    timeoutSeconds,
  });
  const sum = snapshotSum();
  await host.files.write(path, checked(snapshotBytes(received), sum), { mode: 0o600 });
  const snapshot = sum.end();
  const written = await host.files.sha256(path);
  if (written === snapshot.sha256) return snapshot;
  throw broken(`sha256 of ${path} is ${written ?? 'missing'}, expected ${snapshot.sha256}`);
}

async function* checked(
  chunks: AsyncIterable<Buffer>,
  sum: ReturnType<typeof snapshotSum>,
): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    sum.add(chunk);
    yield chunk;
  }
  // Throws within the write, so that a broken one never gets its name.
  sum.end();
}

/** Errors: StatusError. */
export async function* snapshotBytes(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const line of jsonLines(stream, MAX_LINE_BYTES, 'etcd snapshot')) {
    const message = messageSchema.safeParse(line);
    if (!message.success) throw broken('got a line that is no message of etcd');
    const { result, error } = message.data;
    if (error) throw new StatusError(`etcd snapshot: ${error.message}`, { reason: 'Unavailable' });
    if (!result) throw broken('got a message without a result');
    if (result.blob !== '') yield Buffer.from(result.blob, 'base64');
  }
}

/** Sums up what passes; `end` compares with the sum that etcd put at the end. Errors of `end`: Failed. */
export function snapshotSum() {
  const database = createHash('sha256');
  const all = createHash('sha256');
  let bytes = 0;
  /** The last bytes so far: they may be the sum. */
  let tail = Buffer.alloc(0);
  return {
    add(chunk: Uint8Array): void {
      bytes += chunk.length;
      all.update(chunk);
      if (chunk.length >= SUM_BYTES) {
        database.update(tail).update(chunk.subarray(0, -SUM_BYTES));
        tail = Buffer.from(chunk.subarray(-SUM_BYTES));
        return;
      }
      const rest = Buffer.concat([tail, chunk]);
      const end = Math.max(0, rest.length - SUM_BYTES);
      database.update(rest.subarray(0, end));
      tail = rest.subarray(end);
    },
    end(): EtcdSnapshot {
      if (bytes <= SUM_BYTES || bytes % SECTOR_BYTES !== SUM_BYTES) {
        throw broken(`got ${bytes} bytes, expected whole sectors and a sum of ${SUM_BYTES} bytes`);
      }
      const got = database.copy().digest();
      if (!got.equals(tail)) {
        throw broken(`sha256 is ${got.toString('hex')}, expected ${tail.toString('hex')}`);
      }
      return { bytes, sha256: all.copy().digest('hex') };
    },
  };
}

function broken(why: string): StatusError {
  return new StatusError(`etcd snapshot: ${why}`, { reason: 'Failed' });
}
