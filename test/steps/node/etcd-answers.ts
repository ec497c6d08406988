// What etcd 3.6.8 answered when it was asked, recorded; the values are put in. (It leaves out what is zero.)
import { createHash } from 'node:crypto';
import { StatusError } from '../../../src/api/errors.ts';
import type { TestHost } from './host-tree.ts';
import { NODE_ADDRESS } from './tree-content.ts';

export const ETCD_URL = `https://${NODE_ADDRESS}:2379`;

export interface AnsweringMember {
  name: string;
  clientURL: string;
  /** Default: 3.6.8. */
  version?: string;
  /** Default: healthy. away: no answer at all. */
  state?: 'healthy' | 'unhealthy' | 'away';
  isLearner?: boolean;
}

export const OWN_MEMBER: AnsweringMember = { name: 'node-1', clientURL: ETCD_URL };

interface EtcdState {
  /** Default: the one of the test host. `unstarted` ones have neither name nor client URL. */
  members?: readonly (AnsweringMember | 'unstarted')[];
  /** Bytes. */
  dbSize?: number;
  alarms?: readonly { memberID?: string; alarm: string }[];
  /** What comes as a snapshot. Default: one of a small database. */
  snapshot?: string;
}

const HEADER = {
  cluster_id: '324952591200643719',
  member_id: '3319814642761637952',
  revision: '1',
  raft_term: '2',
};

export function answerEtcd(host: TestHost, state: EtcdState = {}): void {
  const {
    members = [OWN_MEMBER],
    dbSize = 20_480,
    alarms = [],
    snapshot = snapshotLines(database()),
  } = state;
  const post = (path: string, body: object): void =>
    host.respond(`${ETCD_URL}/v3/${path}`, ({ method }) =>
      method === 'POST'
        ? { body: JSON.stringify({ header: HEADER, ...body }) }
        : { status: 405, body: '{"code":12, "message":"Method Not Allowed"}' },
    );
  for (const member of members) if (member !== 'unstarted') answerMember(host, member);
  post('cluster/member/list', { members: members.map(listed) });
  post('maintenance/status', {
    version: '3.6.8',
    dbSize: String(dbSize),
    leader: '3319814642761637952',
    storageVersion: '3.6.0',
    dbSizeQuota: '2147483648',
    downgradeInfo: {},
  });
  post('maintenance/alarm', alarms.length > 0 ? { alarms } : {});
  host.respond(`${ETCD_URL}/v3/maintenance/snapshot`, { body: snapshot });
}

function listed(member: AnsweringMember | 'unstarted', index: number): object {
  const peer = {
    ID: String(3319814642761637952n + BigInt(index)),
    peerURLs: [`https://172.30.0.1${index}:2380`],
  };
  if (member === 'unstarted') return { ...peer, isLearner: true };
  const { name, clientURL, isLearner } = member;
  return { ...peer, name, clientURLs: [clientURL], ...(isLearner && { isLearner }) };
}

function answerMember(
  host: TestHost,
  { clientURL, version = '3.6.8', state = 'healthy' }: AnsweringMember,
): void {
  host.respond(clientURL, ({ url }) => {
    if (state === 'away') throw new StatusError(`GET ${url}: ECONNREFUSED`, { reason: 'Unavailable' });
    if (url.endsWith('/version')) {
      return { body: `{"etcdserver":"${version}","etcdcluster":"3.6.0","storage":"3.6.0"}` };
    }
    return state === 'healthy'
      ? { body: '{"health":"true","reason":""}' }
      : { status: 503, body: '{"health":"false","reason":"RAFT NO LEADER"}\n' };
  });
}

/** So many bytes that are not all the same. */
export function database(bytes = 20_480): Buffer {
  return Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 7 + (index >> 8)) % 256));
}

/** As etcd sends it: 32 KiB at a time, then the sum alone. */
export function snapshotLines(content: Buffer): string {
  const parts: Buffer[] = [];
  for (let start = 0; start < content.length; start += 32_768) {
    parts.push(content.subarray(start, start + 32_768));
  }
  parts.push(createHash('sha256').update(content).digest());
  let left = content.length;
  return parts
    .map((part) => {
      left = Math.max(0, left - part.length);
      const blob = part.toString('base64');
      const result = { ...(left > 0 && { remaining_bytes: String(left) }), blob, version: '3.6.0' };
      return `${JSON.stringify({ result })}\n`;
    })
    .join('');
}
