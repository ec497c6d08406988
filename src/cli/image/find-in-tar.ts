import { refusal } from './refusal.ts';
import { BLOCK, readTarHeader, tarPadding } from './tar.ts';

const MAX_BYTES = 2 ** 20;

/**
 * The content of one file of a tar stream, at most 1 MiB; undefined: it is not there. Reads to the end.
 * Errors: BadInput when it is no tar stream; `source` is what it is called then.
 */
export async function findInTar(
  chunks: AsyncIterable<Buffer>,
  wanted: string,
  source: string,
): Promise<Buffer | undefined> {
  const bytes = byteReader(chunks);
  let found: Buffer | undefined;
  for (;;) {
    const block = await bytes.take(BLOCK);
    if (block === undefined) return found;
    const header = readTarHeader(block, source);
    if (header === undefined) continue;
    let left = header.size + tarPadding(header.size).length;
    if (header.isFile && header.name === wanted) {
      if (header.size > MAX_BYTES) {
        throw refusal(`${source}: ${wanted}: got ${header.size} bytes, expected at most ${MAX_BYTES}`);
      }
      found = await bytes.take(header.size);
      left -= header.size;
    }
    await bytes.drop(left);
  }
}

function byteReader(chunks: AsyncIterable<Buffer>) {
  const iterator = chunks[Symbol.asyncIterator]();
  let pending: Buffer = Buffer.alloc(0);
  /** False at the end. */
  const more = async (): Promise<boolean> => {
    const next = await iterator.next();
    if (next.done === true) return false;
    pending = Buffer.concat([pending, next.value]);
    return true;
  };
  return {
    /** undefined: there are not so many. */
    take: async (count: number): Promise<Buffer | undefined> => {
      while (pending.length < count) if (!(await more())) return undefined;
      const taken = pending.subarray(0, count);
      pending = pending.subarray(count);
      return taken;
    },
    drop: async (count: number): Promise<void> => {
      let left = count;
      while (left > pending.length) {
        left -= pending.length;
        pending = Buffer.alloc(0);
        if (!(await more())) return;
      }
      pending = pending.subarray(left);
    },
  };
}
