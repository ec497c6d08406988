import type { z } from 'zod';
import { parseJson } from '../../api/json.ts';
import type { Host } from '../host/host.ts';

/** undefined: absent, or not what it should be. */
export async function readJson<T>(host: Host, path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const content = await host.files.read(path);
  return content && schema.safeParse(parseJson(content.toString())).data;
}
