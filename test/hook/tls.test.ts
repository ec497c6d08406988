import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { followTls, readTls, selfSignedTls, type TlsMaterial } from '../../src/hook/tls.ts';
import { fakeClock } from '../helpers/clock.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'refit-tls-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('certificate files', () => {
  it('are handed over when their content changes, not before', async () => {
    const { clock, applied, stop } = await followed();
    for (let turn = 0; turn < 200; turn += 1) await clock.advance(30);
    expect(applied).toHaveLength(0);
    const rotated = await selfSignedTls(new Date());
    await write(rotated);
    // The two files change one after the other: the follower may see one new and one old first.
    await eventually(clock, () => isDeepStrictEqual(applied.at(-1), rotated));
    expect(applied.at(-1)).toEqual(rotated);
    await stop();
  });

  it('that are broken by a rotation leave the last good certificate in place, and say so', async () => {
    const { files, clock, applied, failures, stop } = await followed();
    await rm(files.keyFile);
    await eventually(clock, () => failures.length > 0);
    expect(applied).toHaveLength(0);
    const next = await selfSignedTls(new Date());
    await write(next);
    await eventually(clock, () => isDeepStrictEqual(applied.at(-1), next));
    expect(applied.at(-1)).toEqual(next);
    await stop();
  });

  it('that cannot be read are named', async () => {
    const certFile = path.join(folder, 'absent.crt');
    await expect(readTls({ certFile, keyFile: certFile })).rejects.toThrow(
      `TLS file ${certFile}: cannot be read`,
    );
  });
});

describe('self-signed certificate', () => {
  it('is valid now, for loopback', async () => {
    const now = new Date('2030-01-01T00:00:00Z');
    const certificate = new X509Certificate((await selfSignedTls(now)).cert);
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.validFromDate.getTime()).toBeLessThanOrEqual(now.getTime());
    expect(certificate.validToDate.getTime()).toBeGreaterThan(now.getTime());
  });
});

async function write({ cert, key }: TlsMaterial) {
  const files = { certFile: path.join(folder, 'tls.crt'), keyFile: path.join(folder, 'tls.key') };
  await Promise.all([writeFile(files.certFile, cert), writeFile(files.keyFile, key)]);
  return files;
}

async function followed() {
  const served = await selfSignedTls(new Date());
  const files = await write(served);
  const clock = fakeClock();
  const abort = new AbortController();
  const applied: TlsMaterial[] = [];
  const failures: unknown[] = [];
  const ended = followTls(files, served, {
    clock,
    seconds: 30,
    signal: abort.signal,
    apply: (material) => void applied.push(material),
    failed: (error) => void failures.push(error),
  });
  const stop = async (): Promise<void> => {
    abort.abort();
    await ended;
  };
  return { files, clock, applied, failures, stop };
}

/** File reads take real time that the fake clock does not know: look again, a bounded number of times. */
async function eventually(
  clock: { advance(seconds: number): Promise<void> },
  holds: () => boolean,
): Promise<void> {
  for (let turn = 0; turn < 5000 && !holds(); turn += 1) await clock.advance(30);
}
