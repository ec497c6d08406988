// Manifests of Go modules as JSON: their YAML is megabytes, and takes the API server and us seconds each time.
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { cacheRoot } from '../tools/build.ts';

/** `source`: a place in a module, whose path says the version. What `make` returns is kept for other runs. */
export async function manifestJson(source: string, make: () => Promise<unknown>): Promise<Buffer> {
  const name = createHash('sha256').update(source).digest('hex').slice(0, 16);
  const file = path.join(cacheRoot(), 'manifests', `${name}.json`);
  const kept = await readFile(file).catch(() => undefined);
  if (kept) return kept;
  const made = Buffer.from(JSON.stringify(await make()));
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = `${file}.${randomUUID()}`;
  await writeFile(temporary, made);
  await rename(temporary, file);
  return made;
}
