// Certificates from mounted files, read again when they rotate.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { generate } from 'selfsigned';
import type { Clock } from '../api/clock.ts';
import { StatusError } from '../api/errors.ts';

export interface TlsFiles {
  certFile: string;
  keyFile: string;
  /** Given: only clients with a certificate of this authority may call hooks. */
  clientCaFile?: string;
}

export interface TlsMaterial {
  cert: string;
  key: string;
  ca?: string;
}

/** Errors: BadInput naming the file. */
export async function readTls({ certFile, keyFile, clientCaFile }: TlsFiles): Promise<TlsMaterial> {
  const read = async (file: string): Promise<string> => {
    try {
      return await readFile(file, 'utf8');
    } catch (cause) {
      throw new StatusError(`TLS file ${file}: cannot be read`, { reason: 'BadInput', cause });
    }
  };
  const [cert, key] = [await read(certFile), await read(keyFile)];
  return { cert, key, ...(clientCaFile === undefined ? {} : { ca: await read(clientCaFile) }) };
}

/**
 * Looks at the files every `seconds` and hands over what changed since `served`. By content, not by file events: a mounted Secret
 * changes by a swap of links that such events miss. A broken rotation keeps the last good certificate.
 */
export async function followTls(
  files: TlsFiles,
  served: TlsMaterial,
  options: {
    clock: Clock;
    seconds: number;
    signal: AbortSignal;
    apply: (material: TlsMaterial) => void;
    failed: (error: unknown) => void;
  },
): Promise<void> {
  let last = digest(served);
  while (!options.signal.aborted) {
    await options.clock.sleep(options.seconds, options.signal);
    if (options.signal.aborted) return;
    try {
      const material = await readTls(files);
      const now = digest(material);
      if (now === last) continue;
      options.apply(material);
      last = now;
    } catch (error) {
      options.failed(error);
    }
  }
}

/** For trials on one machine: a certificate for loopback, kept in memory only. */
export async function selfSignedTls(now: Date): Promise<TlsMaterial> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'refit' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: now,
    notAfterDate: new Date(now.getTime() + 30 * 24 * 3_600_000),
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { cert, key };
}

function digest(material: TlsMaterial): string {
  return createHash('sha256').update(JSON.stringify(material)).digest('hex');
}
