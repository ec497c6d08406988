// Certificates from mounted files, read again when they rotate.
import { readFile } from 'node:fs/promises';
import { generate } from 'selfsigned';
import { StatusError } from '../api/errors.ts';
import { follow, type Followed } from './follow.ts';

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

/** Hands over what changed since `served`. A broken rotation keeps the last good certificate. */
export function followTls(
  files: TlsFiles,
  served: TlsMaterial,
  options: Omit<Followed<TlsMaterial>, 'read' | 'served'>,
): Promise<void> {
  return follow({ ...options, read: () => readTls(files), served });
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
