import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StatusError } from '../../../src/api/errors.ts';
import {
  etcdAccess,
  etcdAlarms,
  etcdDatabaseSize,
  etcdMembers,
  type EtcdAccess,
} from '../../../src/steps/node/etcd.ts';
import { manifestFile } from '../../../src/steps/node/static-pods.ts';
import { answerEtcd, ETCD_URL, OWN_MEMBER, type AnsweringMember } from './etcd-answers.ts';
import { createTestHost, type TestHost } from './host-tree.ts';

const PKI = '/etc/kubernetes/pki/etcd';
const other = (more: Partial<AnsweringMember> = {}): AnsweringMember => ({
  name: 'node-2',
  clientURL: 'https://172.30.0.12:2379',
  ...more,
});

let host: TestHost;
beforeEach(async () => {
  host = await createTestHost({ role: 'control-plane' });
});
afterEach(() => host.remove());

async function access(): Promise<EtcdAccess> {
  const found = await etcdAccess(host);
  if (typeof found === 'string') throw new Error(found);
  return found;
}

describe('etcd', () => {
  it('is none on a worker', async () => {
    await host.files.remove(manifestFile('etcd'));
    await host.files.remove(manifestFile('kube-apiserver'));
    expect(await etcdMembers(host)).toBe('none');
  });

  it('is external where an API server runs without it', async () => {
    await host.files.remove(manifestFile('etcd'));
    expect(await etcdMembers(host)).toBe('external');
    expect(host.requests).toEqual([]);
  });

  it('is asked at its advertised URL, with the certificate that kubeadm made for that', async () => {
    answerEtcd(host);
    await etcdMembers(host);
    const read = async (name: string): Promise<string> => String(await host.files.read(`${PKI}/${name}`));
    expect(await access()).toEqual({
      url: ETCD_URL,
      tls: {
        ca: await read('ca.crt'),
        cert: await read('healthcheck-client.crt'),
        key: await read('healthcheck-client.key'),
      },
    });
    for (const { url, tls } of host.requests) {
      expect(url).toMatch(`${ETCD_URL}/`);
      expect(tls).toEqual((await access()).tls);
    }
  });

  it.each([
    [`${PKI}/healthcheck-client.key`, `${PKI}/healthcheck-client.key: absent`],
    [`${PKI}/ca.crt`, `${PKI}/ca.crt: absent`],
  ])('cannot be asked without %s', async (path, message) => {
    await host.files.remove(path);
    await expect(etcdMembers(host)).rejects.toMatchObject({
      reason: 'Failed',
      message: expect.stringContaining(message),
    });
  });

  it.each<[string, (AnsweringMember | 'unstarted')[], Record<string, unknown>[]]>([
    [
      'one that is well',
      [OWN_MEMBER],
      [{ name: 'node-1', healthy: true, version: '3.6.8', isLearner: false, clientURL: ETCD_URL }],
    ],
    [
      'each with its own version, by name',
      [other({ version: '3.5.24' }), OWN_MEMBER],
      [
        { name: 'node-1', version: '3.6.8' },
        { name: 'node-2', version: '3.5.24', healthy: true },
      ],
    ],
    [
      'one that says it is not healthy',
      [OWN_MEMBER, other({ state: 'unhealthy' })],
      [{ healthy: true }, { healthy: false, version: '3.6.8' }],
    ],
    [
      'one that does not answer',
      [OWN_MEMBER, other({ state: 'away' })],
      [{ healthy: true }, { healthy: false, version: undefined }],
    ],
    ['a learner', [OWN_MEMBER, other({ isLearner: true })], [{ isLearner: false }, { isLearner: true }]],
    [
      'one that never started',
      [OWN_MEMBER, 'unstarted'],
      [
        { name: '', healthy: false, isLearner: true, version: undefined, clientURL: undefined },
        { name: 'node-1' },
      ],
    ],
  ])('has members: %s', async (_, members, expected) => {
    answerEtcd(host, { members });
    expect(await etcdMembers(host)).toMatchObject(expected);
    expect(await etcdMembers(host)).toHaveLength(expected.length);
  });

  it.each([
    ['no answer', 'away', 'Unavailable', 'ECONNREFUSED'],
    ['another status', { status: 502, body: 'Bad Gateway' }, 'Unavailable', 'got status 502, expected 200'],
    ['no JSON', { body: '<html>' }, 'Failed', 'member/list'],
    ['no members', { body: '{"header":{}}' }, 'Failed', 'members: '],
  ])('that gives %s is trouble that names it', async (_, answer, reason, message) => {
    answerEtcd(host, { members: [{ ...OWN_MEMBER, state: 'away' }] });
    host.respond(`${ETCD_URL}/v3/cluster/member/list`, (request) => {
      if (typeof answer === 'object') return answer;
      throw new StatusError(`POST ${request.url}: ECONNREFUSED`, { reason: 'Unavailable' });
    });
    await expect(etcdMembers(host)).rejects.toMatchObject({
      reason,
      message: expect.stringContaining(message),
    });
  });

  it('tells its alarms, by the member as etcdctl writes it', async () => {
    answerEtcd(host, {
      alarms: [{ memberID: '3319814642761637952', alarm: 'NOSPACE' }, { alarm: 'CORRUPT' }],
    });
    expect(await etcdAlarms(host, await access())).toEqual([
      'NOSPACE on member 2e1259d415f2a040',
      'CORRUPT on member 0',
    ]);
    answerEtcd(host);
    expect(await etcdAlarms(host, await access())).toEqual([]);
    expect(host.requests.map(({ body }) => body)).toContain('{"action":"GET"}');
  });

  it('tells how large its database is', async () => {
    answerEtcd(host, { dbSize: 8_589_934_592 });
    expect(await etcdDatabaseSize(host, await access())).toBe(8_589_934_592);
  });
});
