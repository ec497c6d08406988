import { createHash } from 'node:crypto';

/** In hexadecimal, as HostFiles gives it for a file. */
export const sha256Of = (content: Uint8Array | string): string =>
  createHash('sha256').update(content).digest('hex');
