import type { Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { StatusError } from '../../api/errors.ts';
import { fileSize, TAR_END, tarEntryHead, tarPadding } from './tar.ts';
import type { TreeEntry } from './tree.ts';

/** A tar file. */
export async function* layerBytes(entries: readonly TreeEntry[]): AsyncGenerator<Buffer> {
  for (const entry of entries) {
    yield tarEntryHead(entry);
    if (entry.kind !== 'file') continue;
    const size = fileSize(entry);
    if ('content' in entry) yield entry.content;
    else yield* contentOf(entry.from, size);
    yield tarPadding(size);
  }
  yield TAR_END;
}

/** Errors: Failed when it is not as long as it was. */
async function* contentOf(file: string, size: number): AsyncGenerator<Buffer> {
  let got = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    got += chunk.length;
    if (got > size) break;
    yield chunk;
  }
  if (got === size) return;
  throw new StatusError(`${file}: got another size than ${size} bytes: it is being written`, {
    reason: 'Failed',
  });
}

/** Lets the chunks through. */
export async function* hashed(chunks: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}
