import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { saveEtcdSnapshot, snapshotBytes, snapshotSum } from '../../../src/steps/node/etcd-snapshot.ts';
import { database, snapshotLines } from './etcd-answers.ts';
import { createTestHost, type TestHost } from './host-tree.ts';

const ACCESS = { url: 'https://10.0.0.1:2379', tls: { ca: 'ca' } };
const FILE = '/var/lib/refit/backup/edge-1/etcd-snapshot.db';
const sum = (content: Buffer): Buffer => createHash('sha256').update(content).digest();

/** In pieces of so many bytes. */
async function* pieces(text: string, bytes: number): AsyncGenerator<Buffer> {
  const content = Buffer.from(text);
  for (let start = 0; start < content.length; start += bytes) yield content.subarray(start, start + bytes);
}

async function received(text: string, bytes = 1000): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of snapshotBytes(pieces(text, bytes))) parts.push(part);
  return Buffer.concat(parts);
}

describe('the stream of a snapshot', () => {
  const small = database(512);
  it.each([1, 2, 3, 7, 100, 5000])('is the same in pieces of %i bytes', async (bytes) => {
    expect(await received(snapshotLines(small), bytes)).toEqual(Buffer.concat([small, sum(small)]));
  });

  it('of many messages is put together in order', async () => {
    const large = database(100_352);
    expect(await received(snapshotLines(large), 65_536)).toEqual(Buffer.concat([large, sum(large)]));
  });

  it('may end without a line end and have empty messages', async () => {
    const text = `${snapshotLines(small)}\n{"result":{"version":"3.6.0"}}`;
    expect(await received(text)).toHaveLength(small.length + 32);
  });

  it.each([
    [
      'that etcd breaks off',
      '{"error":{"code":14,"message":"etcdserver: no leader"}}\n',
      'Unavailable',
      'etcdserver: no leader',
    ],
    ['that is cut in a line', snapshotLines(small).slice(0, 200), 'Failed', 'no message of etcd'],
    ['that is no JSON', '<html></html>\n', 'Failed', 'no message of etcd'],
    ['with something else', '{"kind":"Status"}\n', 'Failed', 'without a result'],
    ['with an endless line', 'x'.repeat(5 * 2 ** 20), 'Failed', 'got a line of more than 4194304 bytes'],
  ])('%s fails', async (_, text, reason, message) => {
    await expect(received(text, 65_536)).rejects.toMatchObject({
      reason,
      message: expect.stringContaining(`etcd snapshot: `),
    });
    await expect(received(text, 65_536)).rejects.toThrow(message);
  });

  it('is read no further than it is used', async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      for (; ; given += 1) yield Buffer.from(snapshotLines(small));
    }
    for await (const part of snapshotBytes(endless())) if (part.length === small.length) break;
    expect(given).toBeLessThan(2);
  });
});

describe('the sum of a snapshot', () => {
  const content = database(1024);
  const whole = Buffer.concat([content, sum(content)]);

  it.each([1, 31, 32, 33, 1000, 1056])('fits, in pieces of %i bytes', (bytes) => {
    const snapshot = snapshotSum();
    for (let start = 0; start < whole.length; start += bytes)
      snapshot.add(whole.subarray(start, start + bytes));
    const expected = { bytes: 1056, sha256: sum(whole).toString('hex') };
    expect(snapshot.end()).toEqual(expected);
    expect(snapshot.end()).toEqual(expected);
  });

  it.each([
    ['a changed byte', Buffer.concat([Buffer.from([1]), whole.subarray(1)]), 'sha256 is '],
    [
      'a changed sum',
      Buffer.concat([whole.subarray(0, -1), Buffer.from([(whole.at(-1) ?? 0) ^ 1])]),
      'sha256 is ',
    ],
    ['no sum', content, 'got 1024 bytes, expected whole sectors and a sum of 32 bytes'],
    ['a missing piece', whole.subarray(512), 'sha256 is '],
    ['a cut end', whole.subarray(0, -5), 'got 1051 bytes'],
    ['only a sum', sum(Buffer.alloc(0)), 'got 32 bytes'],
    ['nothing', Buffer.alloc(0), 'got 0 bytes'],
  ])('does not fit with %s', (_, bytes, message) => {
    const snapshot = snapshotSum();
    snapshot.add(bytes);
    expect(() => snapshot.end()).toThrow(message);
  });
});

describe('a snapshot', () => {
  let host: TestHost;
  beforeEach(async () => {
    host = await createTestHost({ role: 'control-plane' });
  });
  afterEach(() => host.remove());

  it('lies in a file that only root reads', async () => {
    const content = database(100_352);
    host.respond(`${ACCESS.url}/v3/maintenance/snapshot`, { body: snapshotLines(content) });
    const whole = Buffer.concat([content, sum(content)]);
    expect(await saveEtcdSnapshot(host, ACCESS, FILE, 60)).toEqual({
      bytes: 100_384,
      sha256: sum(whole).toString('hex'),
    });
    expect((await host.files.read(FILE))?.equals(whole)).toBe(true);
    expect((await host.files.status(FILE))?.mode).toBe(0o600);
    expect(host.requests).toMatchObject([
      { method: 'POST', body: '{}', tls: ACCESS.tls, timeoutSeconds: 60 },
    ]);
  });

  it.each([
    ['cut between messages', snapshotLines(database(65_536)).split('\n').slice(0, 1).join('\n'), 'sectors'],
    ['not the database', snapshotLines(database()).replace('AA', 'AB'), 'sha256 is'],
    ['broken off', `${snapshotLines(database())}{"error":{"message":"too late"}}\n`, 'too late'],
  ])('that is %s leaves no file, and not half of one', async (_, body, message) => {
    host.respond(`${ACCESS.url}/v3/maintenance/snapshot`, { body });
    await expect(saveEtcdSnapshot(host, ACCESS, FILE, 60)).rejects.toThrow(message);
    expect(await host.files.list('/var/lib/refit/backup/edge-1')).toEqual([]);
  });

  it('that the disk changed is refused', async () => {
    host.respond(`${ACCESS.url}/v3/maintenance/snapshot`, { body: snapshotLines(database()) });
    const sha256 = host.files.sha256.bind(host.files);
    host.files.sha256 = async (path) => (await sha256(path))?.replace(/^./, 'x');
    await expect(saveEtcdSnapshot(host, ACCESS, FILE, 60)).rejects.toThrow(`sha256 of ${FILE} is x`);
  });
});
