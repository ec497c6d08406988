// Certificates that cert-manager makes elsewhere, and files that change as those of a mounted Secret do.
import { mkdirSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { generate } from 'selfsigned';

export interface KeyPair {
  cert: string;
  key: string;
}

export interface Signed extends KeyPair {
  ca: string;
}

/** `dnsNames`: besides those of this machine. */
export type Authority = (
  name: string,
  usage: 'server' | 'client',
  dnsNames?: readonly string[],
) => Promise<Signed>;

const VALID_DAYS = 30;

/** Its name must differ from those that it signs. */
export async function createAuthority(name: string): Promise<Authority> {
  const ca = await made(name, { extensions: [{ name: 'basicConstraints', cA: true, critical: true }] });
  return async (subject, usage, dnsNames = []) => {
    const signed = await made(subject, {
      ca,
      extensions: [
        { name: 'extKeyUsage', [usage === 'server' ? 'serverAuth' : 'clientAuth']: true },
        {
          name: 'subjectAltName',
          altNames: [
            { type: 2, value: 'localhost' },
            { type: 7, ip: '127.0.0.1' },
            ...dnsNames.map((value) => ({ type: 2 as const, value })),
          ],
        },
      ],
    });
    return { ...signed, ca: ca.cert };
  };
}

/** As cert-manager names them in a Secret. */
export function secretFiles({ cert, key, ca }: Signed): Record<string, string> {
  return { 'tls.crt': cert, 'tls.key': key, 'ca.crt': ca };
}

/** Like a kubelet: readers see all the old files or all the new ones, since the folder is a link that is replaced. */
export function writeMounted(folder: string, files: Readonly<Record<string, string>>): void {
  const version = `${folder}.${process.hrtime.bigint()}`;
  mkdirSync(version, { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(path.join(version, name), content, { mode: 0o600 });
  }
  const former = linkTarget(folder);
  symlinkSync(version, `${folder}.next`);
  renameSync(`${folder}.next`, folder);
  if (former !== undefined) rmSync(former, { recursive: true, force: true });
}

type Options = Parameters<typeof generate>[1];

async function made(name: string, options: Options): Promise<KeyPair> {
  const now = Date.now();
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    ...{ keyType: 'ec', curve: 'P-256', algorithm: 'sha256' },
    // Clocks of one machine do not differ, but certificates know only seconds.
    notBeforeDate: new Date(now - 60_000),
    notAfterDate: new Date(now + VALID_DAYS * 24 * 3_600_000),
    ...options,
  });
  return { cert, key };
}

function linkTarget(file: string): string | undefined {
  try {
    return readlinkSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
