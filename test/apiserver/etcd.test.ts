// What the steps on a node rely on, asked of a real etcd.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { saveEtcdSnapshot } from '../../src/steps/node/etcd-snapshot.ts';
import {
  etcdAccess,
  etcdAlarms,
  etcdDatabaseSize,
  etcdMembers,
  hasEtcdKey,
  type EtcdAccess,
} from '../../src/steps/node/etcd.ts';
import { startEtcdMember, type EtcdMember } from './etcd-member.ts';

const FILE = '/var/lib/refit/backup/edge-1/etcd-snapshot.db';
/** At byte 16 of a bbolt database. */
const BBOLT_MAGIC = 0xed0cdaed;
const base64 = (text: string): string => Buffer.from(text).toString('base64');

let member: EtcdMember;
let access: EtcdAccess;
beforeAll(async () => {
  member = await startEtcdMember('node-1');
  const found = await etcdAccess(member.host);
  if (typeof found === 'string') throw new Error(found);
  access = found;
});
afterAll(() => member.stop());

describe('etcd', () => {
  it('tells its members, each with its version and health', async () => {
    expect(await etcdMembers(member.host)).toEqual([
      {
        name: 'node-1',
        version: expect.stringMatching(/^3\.\d+\.\d+$/),
        healthy: true,
        isLearner: false,
        clientURL: member.url,
      },
    ]);
  });

  it('gives a snapshot that fits its sum, larger than any message of it', async () => {
    const value = 'a value of sixteen'.repeat(50_000);
    for (const index of Array.from({ length: 12 }).keys()) {
      await member.call('/v3/kv/put', { key: base64(`key-${index}`), value: base64(`${value}${index}`) });
    }
    const snapshot = await saveEtcdSnapshot(member.host, access, FILE, 60);
    const file = (await member.host.files.read(FILE)) ?? Buffer.alloc(0);
    expect(snapshot).toEqual({
      bytes: file.length,
      sha256: createHash('sha256').update(file).digest('hex'),
    });
    expect(file.subarray(-32)).toEqual(createHash('sha256').update(file.subarray(0, -32)).digest());
    expect(file.readUInt32LE(16)).toBe(BBOLT_MAGIC);
    for (const index of [0, 11]) expect(file.includes(`${value}${index}`)).toBe(true);
    expect(await etcdDatabaseSize(member.host, access)).toBeGreaterThanOrEqual(file.length - 32);
  });

  it('tells its alarms, and is not healthy with one', async () => {
    expect(await etcdAlarms(member.host, access)).toEqual([]);
    await member.call('/v3/maintenance/alarm', { action: 'ACTIVATE', alarm: 'NOSPACE', memberID: '16' });
    expect(await etcdAlarms(member.host, access)).toEqual(['NOSPACE on member 10']);
    expect(await etcdMembers(member.host)).toMatchObject([{ healthy: false }]);
    await member.call('/v3/maintenance/alarm', { action: 'DEACTIVATE', alarm: 'NOSPACE', memberID: '16' });
    expect(await etcdMembers(member.host)).toMatchObject([{ healthy: true }]);
  });

  it('tells whether it has a key', async () => {
    await member.call('/v3/kv/put', { key: base64('/registry/here'), value: base64('x') });
    expect(await hasEtcdKey(member.host, access, '/registry/here')).toBe(true);
    expect(await hasEtcdKey(member.host, access, '/registry/her')).toBe(false);
  });

  it('is not asked without its certificate', async () => {
    const tls = { ca: access.tls.ca };
    await expect(etcdDatabaseSize(member.host, { ...access, tls })).rejects.toMatchObject({
      reason: 'Unavailable',
    });
  });

  it('tells of a learner that never started', async () => {
    await member.call('/v3/cluster/member/add', { peerURLs: ['http://127.0.0.1:1'], isLearner: true });
    expect(await etcdMembers(member.host)).toMatchObject([
      { name: '', isLearner: true, healthy: false, version: undefined, clientURL: undefined },
      { name: 'node-1', isLearner: false },
    ]);
  });
});
