import type { z } from 'zod';
import type { Host } from '../host/host.ts';

/** undefined: absent, or not what it should be. */
export async function readJson<T>(host: Host, path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const content = await host.files.read(path);
  if (content === undefined) return undefined;
  try {
    return schema.safeParse(JSON.parse(content.toString())).data;
  } catch {
    return undefined;
  }
}
