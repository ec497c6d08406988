import { describe, expect, it } from '@jest/globals';
import { etcdFindings } from '../../../src/steps/node/etcd-health.ts';
import type { EtcdMember } from '../../../src/steps/node/etcd.ts';

const member = (name: string, state: 'healthy' | 'unhealthy' | 'learner' = 'healthy'): EtcdMember => ({
  name,
  version: '3.5.26',
  healthy: state !== 'unhealthy',
  isLearner: state === 'learner',
  clientURL: 'https://172.30.0.11:2379',
});
const texts = (members: Parameters<typeof etcdFindings>[0]): string[] =>
  etcdFindings(members, 'a').map(({ is, text }) => `${is}: ${text}`);

describe('etcd', () => {
  it('of three healthy members is fine', () => {
    expect(texts([member('a'), member('b'), member('c')])).toEqual([]);
  });

  it('that is not here is none of ours', () => {
    expect(texts('none')).toEqual([]);
    expect(texts('external')).toEqual([
      'note: etcd: external: it is neither upgraded nor saved by a snapshot',
    ]);
  });

  it.each([
    ['one', [member('a')], '0 of 1'],
    ['two', [member('a'), member('b')], '1 of 2'],
  ])('of %s has no quorum meanwhile, which is said', (_, members, count) => {
    expect(texts(members)).toEqual([
      `note: etcd: without the member of this node there are ${count} that a quorum needs: the API is away while it ` +
        'restarts',
    ]);
  });

  it('with a bad member names it, and the quorum that would be lost', () => {
    expect(texts([member('a'), member('b', 'unhealthy'), member('c')])).toEqual([
      'refusal: etcd member b: got unhealthy, expected healthy (without the member of this node there are 1 of 2 that a ' +
        'quorum needs): repair or remove it first',
    ]);
  });

  it('with only its own member bad loses no quorum', () => {
    expect(texts([member('a', 'unhealthy'), member('b'), member('c')])).toEqual([
      'refusal: etcd member a: got unhealthy, expected healthy: repair or remove it first',
    ]);
  });

  it('with a learner waits for it, and does not count it', () => {
    expect(texts([member('a'), member('b'), member('c'), member('d', 'learner')])).toEqual([
      'refusal: etcd member d: got a learner, expected a voting member: wait until it is promoted',
    ]);
  });

  it('with a member that never started says so', () => {
    const refusals = texts([
      member('a'),
      member('b'),
      member('c'),
      { ...member('', 'unhealthy'), clientURL: undefined },
    ]);
    expect(refusals).toEqual([
      expect.stringMatching(/^refusal: etcd member that never started: got unhealthy/),
    ]);
  });
});
