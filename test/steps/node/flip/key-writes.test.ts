import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { keyWritesSince } from '../../../../src/steps/node/flip/key-writes.ts';
import { ETCD_URL } from '../etcd-answers.ts';
import { createTestHost, type TestHost } from '../host-tree.ts';

const ACCESS = { url: ETCD_URL, tls: { ca: 'ca' } };
const CREATED = '{"result":{"header":{"revision":"5"},"created":true}}';
/** As etcd 3.5.27 answered: two puts and a deletion. */
const EVENTS =
  '{"result":{"header":{"revision":"5"},"events":[{"kv":{"key":"L3JlZ2lzdHJ5L2xlYXNlcy94","create_revision":"3",' +
  '"mod_revision":"3","version":"1","value":"MQ=="}},{"kv":{"key":"L3JlZ2lzdHJ5L3BvZHMvYg==","create_revision":"4",' +
  '"mod_revision":"4","version":"1","value":"Mg=="}},{"type":"DELETE","kv":{"key":"L3JlZ2lzdHJ5L3BvZHMvYQ==",' +
  '"mod_revision":"5"},"prev_kv":{"key":"L3JlZ2lzdHJ5L3BvZHMvYQ==","create_revision":"2","mod_revision":"2",' +
  '"version":"1","value":"MQ=="}}]}}';
const COMPACTED = '{"result":{"header":{"raft_term":"2"},"canceled":true,"compact_revision":"4"}}';

let host: TestHost;
beforeEach(async () => {
  host = await createTestHost({ role: 'control-plane' });
  host.respond(`${ETCD_URL}/v3/maintenance/status`, { body: '{"header":{"revision":"5"}}' });
});
afterEach(() => host.remove());

const answer = (...lines: string[]): void =>
  host.respond(`${ETCD_URL}/v3/watch`, { body: lines.map((line) => `${line}\n`).join('') });

describe('writes since a revision', () => {
  it('are all events of the history, deletions too', async () => {
    answer(CREATED, EVENTS);
    expect(await keyWritesSince(host, ACCESS, 2)).toEqual([
      { key: '/registry/leases/x', before: undefined, after: Buffer.from('1') },
      { key: '/registry/pods/b', before: undefined, after: Buffer.from('2') },
      { key: '/registry/pods/a', before: Buffer.from('1'), after: undefined },
    ]);
    const asked = JSON.parse(host.requests.at(-1)?.body ?? '') as object;
    expect(asked).toMatchObject({ create_request: { start_revision: '3', prev_kv: true } });
  });

  it('are none when the revision is the same: etcd is not even asked for its history', async () => {
    expect(await keyWritesSince(host, ACCESS, 5)).toEqual([]);
    expect(host.requests).toHaveLength(1);
  });

  it.each<[string, number, string[], string]>([
    ['its history was compacted', 2, [CREATED, COMPACTED], 'got no history from revision 3 on'],
    ['it ends too early', 2, [CREATED], 'got an end before revision 5'],
    ['a line is cut', 2, [CREATED, EVENTS.slice(0, 90)], 'got a line that is no message'],
    ['it is behind', 9, [], 'got revision 5, expected none before 9'],
  ])('cannot be told when %s', async (_name, revision, lines, problem) => {
    answer(...lines);
    await expect(keyWritesSince(host, ACCESS, revision)).rejects.toThrow(`etcd watch: ${problem}`);
  });
});
