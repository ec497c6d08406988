import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { generate } from 'selfsigned';
import { StatusError } from '../../../src/api/errors.ts';
import { EXTERNAL_PATH, externalResponse, type ExternalRequest } from '../../../src/api/external-request.ts';
import { admitOwner } from '../../../src/hook/external/admission.ts';
import type { Caller } from '../../../src/hook/external/access.ts';
import {
  ADMIT_EDIT_PATH,
  ADMIT_OWNER_PATH,
  createExternalServer,
  type ExternalServer,
} from '../../../src/hook/external/https.ts';
import { silent } from '../../../src/hook/log.ts';
import { selfSignedTls, type TlsMaterial } from '../../../src/hook/tls.ts';
import { controlPlane, FROM } from '../../helpers/external.ts';
import { call } from '../../helpers/https.ts';

const request = {
  apiVersion: 'hooks.capi-refit.io/v1alpha1',
  kind: 'ExternalUpgradeRequest',
  cluster: { namespace: 'site', name: 'edge' },
  owner: { kind: 'KubeadmControlPlane', name: 'edge-cp' },
};
let server: ExternalServer;
let port: number;
let tls: TlsMaterial;
let callers: Caller[];
let answered: ExternalRequest[];
let checked: unknown[];
let stranger: StatusError | undefined;
let refusal: StatusError | undefined;

beforeEach(async () => {
  tls = await selfSignedTls(new Date());
  [callers, checked, answered] = [[], [], []];
  stranger = refusal = undefined;
  await listen(tls);
});
afterEach(() => server.close());

async function listen(material: TlsMaterial): Promise<void> {
  server = createExternalServer({
    tls: material,
    log: silent,
    admitOwner,
    admitEdit: () => ({ allowed: false, message: 'not now' }),
    access: {
      async userOf(caller) {
        callers.push(caller);
        if (stranger) throw stranger;
        return { username: 'ada' };
      },
      async check(user, wanted) {
        checked.push({ user, wanted });
        if (refusal) throw refusal;
      },
    },
    answer: async (asked) => {
      answered.push(asked);
      return externalResponse({ accepted: true, reason: 'begun', requireUpgrade: 1 });
    },
  });
  port = await server.listen('127.0.0.1', 0);
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return call(port, { path, method: 'POST', ca: tls.cert, headers, body: text });
}

describe('the second port', () => {
  it('admits an owner with a patch', async () => {
    const review = {
      request: { uid: 'u', object: controlPlane(), oldObject: controlPlane(['/spec/version', FROM]) },
    };
    const { status, json } = await post(ADMIT_OWNER_PATH, review);
    expect(status).toBe(200);
    expect(json()).toMatchObject({ response: { uid: 'u', allowed: true, patchType: 'JSONPatch' } });
  });

  it('refuses an edit with the reason', async () => {
    const { json } = await post(ADMIT_EDIT_PATH, { request: { uid: 'u', object: {}, oldObject: {} } });
    expect(json()).toMatchObject({ response: { uid: 'u', allowed: false, status: { message: 'not now' } } });
  });

  it('answers a request of who is allowed to', async () => {
    const { status, json } = await post(EXTERNAL_PATH, request, { authorization: 'Bearer good' });
    expect(status).toBe(200);
    expect(json()).toMatchObject({ accepted: true, reason: 'begun', requireUpgrade: 1, ready: false });
    expect(callers).toEqual([{ hasClientCertificate: false, authorization: 'Bearer good' }]);
    const wanted = { kind: 'KubeadmControlPlane', namespace: 'site', name: 'edge-cp' };
    expect(checked).toEqual([{ user: { username: 'ada' }, wanted }]);
    expect(answered).toHaveLength(1);
  });

  it('answers nothing to others', async () => {
    refusal = new StatusError('ada may not', { reason: 'Forbidden' });
    const { status, json } = await post(EXTERNAL_PATH, request);
    expect(status).toBe(403);
    expect(json()).toMatchObject({ accepted: false, reason: 'ada may not' });
    expect(answered).toEqual([]);
  });

  it('reads nothing of strangers', async () => {
    stranger = new StatusError('credentials: got none', { reason: 'Forbidden' });
    for (const body of [request, '{', 'x'.repeat(9 * 1024 * 1024)])
      expect((await post(EXTERNAL_PATH, body)).status).toBe(403);
    expect(checked).toEqual([]);
  });

  it('knows the clients of the configured authority, and no others', async () => {
    const authority = await generate([{ name: 'commonName', value: 'clients' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'basicConstraints', cA: true }],
    });
    const client = await generate([{ name: 'commonName', value: 'capi' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      ca: { key: authority.private, cert: authority.cert },
    });
    const own = { cert: client.cert, key: client.private };
    const ask = async (shown: object): Promise<void> => {
      await call(port, { path: EXTERNAL_PATH, ca: tls.cert, body: JSON.stringify(request), ...shown });
    };
    // No authority is configured: no certificate says anything.
    await ask(own);
    await server.close();
    await listen({ ...tls, ca: authority.cert });
    for (const shown of [{}, { cert: tls.cert, key: tls.key }, own]) await ask(shown);
    expect(callers.map(({ hasClientCertificate }) => hasClientCertificate)).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  it.each<[string, unknown, number]>([
    ['nothing', '', 400],
    ['what is not JSON', '{', 400],
    ['another kind', { ...request, kind: 'Other' }, 400],
    ['more than any object has', { ...request, machine: { a: 'x'.repeat(3 * 1024 * 1024) } }, 413],
  ])('refuses %s', async (_what, body, status) => {
    expect((await post(EXTERNAL_PATH, body)).status).toBe(status);
    expect(checked).toEqual([]);
  });

  it('refuses a review that is too large', async () => {
    expect((await post(ADMIT_OWNER_PATH, 'x'.repeat(9 * 1024 * 1024))).status).toBe(413);
  });
});
