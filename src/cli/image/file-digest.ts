import type { Host } from '../../steps/host/host.ts';
import { refusal } from './refusal.ts';

/** sha256, in hexadecimal digits. */
export async function fileDigest({ files }: Host, file: string): Promise<string> {
  const digest = await files.sha256(file);
  if (digest === undefined) throw refusal(`${file}: got nothing, expected a file`);
  return digest;
}
