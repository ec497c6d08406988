import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { etcdClusterProblems, memberProblems } from '../../../src/steps/node/etcd-cluster.ts';
import type { EtcdMember } from '../../../src/steps/node/etcd.ts';
import { manifestFile } from '../../../src/steps/node/static-pods.ts';
import { answerEtcd, OWN_MEMBER } from './etcd-answers.ts';
import { createTestHost, type TestHost } from './host-tree.ts';

const member = (more: Partial<EtcdMember> = {}): EtcdMember => ({
  name: 'node-1',
  version: '3.6.8',
  healthy: true,
  isLearner: false,
  clientURL: 'https://10.0.0.1:2379',
  ...more,
});

describe('the members of etcd', () => {
  it.each<[string, EtcdMember[], number | undefined, string[]]>([
    ['are well', [member(), member({ name: 'node-2' })], 2, []],
    ['are as many as they are when nobody counted', [member()], undefined, []],
    ['are fewer than before', [member()], 3, ['etcd: got 1 members, expected 3']],
    ['are more than before', [member(), member()], 1, ['etcd: got 2 members, expected 1']],
    [
      'have a learner',
      [member({ isLearner: true })],
      1,
      ['etcd member node-1: got a learner, expected a voting member'],
    ],
    [
      'have a sick one',
      [member({ healthy: false })],
      1,
      ['etcd member node-1 (https://10.0.0.1:2379): got unhealthy, expected healthy'],
    ],
    [
      'have one that never started',
      [member({ name: '', clientURL: undefined, healthy: false })],
      1,
      ['etcd: got a member that never started, expected none'],
    ],
  ])('%s', (_, members, expected, problems) => expect(memberProblems(members, expected)).toEqual(problems));
});

describe('etcd on a node', () => {
  const before = { members: 1, snapshotSha256: '0'.repeat(64) };
  let host: TestHost;
  beforeEach(async () => {
    host = await createTestHost({ role: 'control-plane' });
    answerEtcd(host);
  });
  afterEach(() => host.remove());

  it('is well', async () => expect(await etcdClusterProblems(host, before)).toEqual([]));

  it('has an alarm', async () => {
    answerEtcd(host, { members: [OWN_MEMBER], alarms: [{ memberID: '16', alarm: 'NOSPACE' }] });
    expect(await etcdClusterProblems(host, before)).toEqual([
      'etcd: got alarm NOSPACE on member 10, expected none',
    ]);
  });

  it('has lost a member', async () => {
    expect(await etcdClusterProblems(host, { ...before, members: 3 })).toEqual([
      'etcd: got 1 members, expected 3',
    ]);
  });

  it('is gone, though it was here before', async () => {
    await host.files.remove(manifestFile('etcd'));
    expect(await etcdClusterProblems(host, before)).toEqual([
      `${manifestFile('etcd')}: got no file, expected the etcd that was here before`,
    ]);
    expect(await etcdClusterProblems(host, 'external')).toEqual([]);
    expect(await etcdClusterProblems(host, undefined)).toEqual([]);
  });
});
