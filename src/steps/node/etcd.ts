// What etcd itself says of its members, through the JSON form of its API (gRPC gateway) at its client URLs.
import { z } from 'zod';
import { StatusError } from '../../api/errors.ts';
import { parseJson } from '../../api/json.ts';
import type { Host, HttpRequest } from '../host/host.ts';
import { manifestFile, readStaticPod } from './static-pods.ts';

/** external: the API server's etcd runs elsewhere; none: no control plane here. */
export type NoEtcd = 'external' | 'none';

/** How to speak to the etcd of this node; only requests to etcd itself may carry it: it holds a key. */
export interface EtcdAccess {
  /** Client URL of the local member, no slash at the end. */
  url: string;
  tls: NonNullable<HttpRequest['tls']>;
}

export interface EtcdMember {
  /** Empty: it was added but has never started. */
  name: string;
  /** undefined: it does not answer. */
  version: string | undefined;
  /** It says so itself: it has no alarm, sees a leader, and reads through a quorum. */
  healthy: boolean;
  isLearner: boolean;
  /** undefined: it has never started. */
  clientURL: string | undefined;
}

const PKI = '/etc/kubernetes/pki/etcd';
const REQUEST_SECONDS = 5;

// Fields that are zero are absent.
const membersSchema = z.object({
  members: z.array(
    z.object({
      name: z.string().default(''),
      clientURLs: z.array(z.string()).default([]),
      isLearner: z.boolean().default(false),
    }),
  ),
});
const versionSchema = z.object({ etcdserver: z.string() });
/** int64 in JSON is text. */
const statusSchema = z.object({ dbSize: z.coerce.number().positive() });
const revisionSchema = z.object({ header: z.object({ revision: z.coerce.number().int().positive() }) });
const rangeSchema = z.object({ count: z.coerce.number().default(0) });
const alarmsSchema = z.object({
  alarms: z.array(z.object({ memberID: z.string().default('0'), alarm: z.string() })).default([]),
});

/** Errors: StatusError Failed when the etcd manifest or its certificates cannot be used. */
export async function etcdAccess(host: Host): Promise<EtcdAccess | NoEtcd> {
  const pod = await readStaticPod(host, 'etcd');
  if (!pod) return (await readStaticPod(host, 'kube-apiserver')) ? 'external' : 'none';
  const url = pod.flags.get('advertise-client-urls')?.split(',')[0]?.replace(/\/$/, '');
  if (!url) {
    throw new StatusError(`${manifestFile('etcd')}: got no --advertise-client-urls`, { reason: 'Failed' });
  }
  const [ca, cert, key] = await Promise.all(
    ['ca.crt', 'healthcheck-client.crt', 'healthcheck-client.key'].map((name) =>
      required(host, `${PKI}/${name}`),
    ),
  );
  return { url, tls: { ca, cert, key } as EtcdAccess['tls'] };
}

/**
 * All members as the local one knows them, each asked itself, in the order of their names.
 * Errors: StatusError, Unavailable when the local member does not answer.
 */
export async function etcdMembers(host: Host): Promise<EtcdMember[] | NoEtcd> {
  const access = await etcdAccess(host);
  if (typeof access === 'string') return access;
  const { members } = await call(host, access, '/v3/cluster/member/list', {}, membersSchema);
  const asked = members.map(async ({ name, clientURLs: [clientURL], isLearner }) => {
    const [version, healthy] = clientURL
      ? await Promise.all([memberVersion(host, access, clientURL), isHealthy(host, access, clientURL)])
      : [undefined, false];
    return { name, version, healthy, isLearner, clientURL };
  });
  return (await Promise.all(asked)).sort((a, b) => a.name.localeCompare(b.name));
}

/** Alarms of the whole cluster, like `NOSPACE on member 8e9e05c52164694d`. Errors: StatusError. */
export async function etcdAlarms(host: Host, access: EtcdAccess): Promise<string[]> {
  const { alarms } = await call(host, access, '/v3/maintenance/alarm', { action: 'GET' }, alarmsSchema);
  return alarms.map(({ memberID, alarm }) => `${alarm} on member ${BigInt(memberID).toString(16)}`);
}

/** Bytes of the local member's database: what a snapshot of it takes. Errors: StatusError. */
export async function etcdDatabaseSize(host: Host, access: EtcdAccess): Promise<number> {
  return (await call(host, access, '/v3/maintenance/status', {}, statusSchema)).dbSize;
}

/** Of the last write that the local member has. Errors: StatusError. */
export async function etcdRevision(host: Host, access: EtcdAccess): Promise<number> {
  return (await call(host, access, '/v3/maintenance/status', {}, revisionSchema)).header.revision;
}

/** Errors: StatusError. */
export async function hasEtcdKey(host: Host, access: EtcdAccess, key: string): Promise<boolean> {
  const body = { key: Buffer.from(key).toString('base64'), count_only: true };
  return (await call(host, access, '/v3/kv/range', body, rangeSchema)).count > 0;
}

async function required(host: Host, path: string): Promise<string> {
  const content = await host.files.read(path);
  if (!content) throw new StatusError(`${path}: absent, expected for etcd`, { reason: 'Failed' });
  return content.toString();
}

async function call<T>(
  host: Host,
  { url, tls }: EtcdAccess,
  path: string,
  body: object,
  schema: z.ZodType<T>,
): Promise<T> {
  const answer = await host.http({
    url: `${url}${path}`,
    method: 'POST',
    body: JSON.stringify(body),
    tls,
    timeoutSeconds: REQUEST_SECONDS,
  });
  if (answer.status !== 200) {
    throw new StatusError(`etcd ${url}${path}: got status ${answer.status}, expected 200`, {
      reason: 'Unavailable',
    });
  }
  const parsed = schema.safeParse(parseJson(answer.body));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new StatusError(`etcd ${url}${path}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`, {
    reason: 'Failed',
  });
}

async function memberVersion(host: Host, access: EtcdAccess, url: string): Promise<string | undefined> {
  const answer = await ask(host, access, `${url}/version`);
  const parsed = versionSchema.safeParse(parseJson(answer?.body ?? ''));
  return parsed.success ? parsed.data.etcdserver : undefined;
}

/** 503 when it is not. */
async function isHealthy(host: Host, access: EtcdAccess, url: string): Promise<boolean> {
  return (await ask(host, access, `${url}/health`))?.status === 200;
}

/** undefined: no answer, which says enough of a member. */
async function ask(host: Host, { tls }: EtcdAccess, url: string) {
  try {
    return await host.http({ url, tls, timeoutSeconds: REQUEST_SECONDS });
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'Unavailable') return undefined;
    throw error;
  }
}
