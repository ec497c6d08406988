import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../src/api/json.ts';
import { accessOf, type Caller } from '../../../src/hook/external/access.ts';
import type { ApiClient } from '../../../src/kubernetes/api-client.ts';

const wanted = { kind: 'KubeadmControlPlane', namespace: 'site', name: 'edge-cp' } as const;
const user = { username: 'ada', uid: '1', groups: ['admins'], extra: { scopes: ['all'] } };

/** An API server that knows one token, and lets its user do what the test says. */
function check(isAllowed: boolean) {
  const asked: JsonObject[] = [];
  const client = {
    async create(path: string, body: JsonObject) {
      asked.push(body);
      if (path.endsWith('/subjectaccessreviews')) return { status: { allowed: isAllowed } };
      const isKnown = (body['spec'] as JsonObject)['token'] === 'good';
      return { status: isKnown ? { authenticated: true, user } : { authenticated: false } };
    },
  } as unknown as ApiClient;
  const access = accessOf(client);
  return { asked, access: async (caller: Caller) => access.check(await access.userOf(caller), wanted) };
}

function caller(authorization?: string, hasClientCertificate = false) {
  return { authorization, hasClientCertificate };
}

describe('a request for an upgrade', () => {
  it('is allowed with a trusted client certificate, without asking', async () => {
    const { access, asked } = check(false);
    await access(caller(undefined, true));
    expect(asked).toEqual([]);
  });

  it('is allowed with the token of a user who may patch the owner', async () => {
    const { access, asked } = check(true);
    await access(caller('Bearer good'));
    expect(asked[1]).toMatchObject({
      spec: {
        user: 'ada',
        groups: ['admins'],
        extra: { scopes: ['all'] },
        resourceAttributes: {
          verb: 'patch',
          group: 'controlplane.cluster.x-k8s.io',
          resource: 'kubeadmcontrolplanes',
          namespace: 'site',
          name: 'edge-cp',
        },
      },
    });
  });

  it.each<[string, string | undefined, boolean, string]>([
    ['without credentials', undefined, true, 'credentials: got none'],
    ['with another scheme', 'Basic good', true, 'credentials: got none'],
    ['with a token that Kubernetes does not know', 'Bearer bad', true, 'does not accept'],
    ['of a user who may not', 'Bearer good', false, 'ada may not patch KubeadmControlPlane site/edge-cp'],
  ])('is refused %s', async (_what, authorization, isAllowed, message) => {
    const { access } = check(isAllowed);
    await expect(access(caller(authorization))).rejects.toMatchObject({
      reason: 'Forbidden',
      message: expect.stringContaining(message),
    });
  });
});
