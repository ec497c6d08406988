import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
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
import { selfSignedTls } from '../../../src/hook/tls.ts';
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
let ca: string;
let callers: Caller[];
let answered: ExternalRequest[];
let refusal: StatusError | undefined;

beforeEach(async () => {
  const tls = await selfSignedTls(new Date());
  [callers, answered, refusal, ca] = [[], [], undefined, tls.cert];
  server = createExternalServer({
    tls,
    log: silent,
    admitOwner,
    admitEdit: () => ({ allowed: false, message: 'not now' }),
    checkAccess: async (caller) => {
      callers.push(caller);
      if (refusal) throw refusal;
    },
    answer: async (asked) => {
      answered.push(asked);
      return externalResponse({ accepted: true, reason: 'begun', requireUpgrade: 1 });
    },
  });
  port = await server.listen('127.0.0.1', 0);
});
afterEach(() => server.close());

async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return call(port, { path, method: 'POST', ca, headers, body: text });
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
    expect(answered).toHaveLength(1);
  });

  it('answers nothing to others', async () => {
    refusal = new StatusError('ada may not', { reason: 'Forbidden' });
    const { status, json } = await post(EXTERNAL_PATH, request);
    expect(status).toBe(403);
    expect(json()).toMatchObject({ accepted: false, reason: 'ada may not' });
    expect(answered).toEqual([]);
  });

  it.each([
    ['nothing', ''],
    ['what is not JSON', '{'],
    ['another kind', { ...request, kind: 'Other' }],
  ])('refuses %s before it asks who it is', async (_what, body) => {
    expect((await post(EXTERNAL_PATH, body)).status).toBe(400);
    expect(callers).toEqual([]);
  });

  it('refuses a body that is too large', async () => {
    const large = JSON.stringify({ ...request, machine: { a: 'x'.repeat(9 * 1024 * 1024) } });
    expect((await post(EXTERNAL_PATH, large)).status).toBe(413);
  });
});
