import { describe, expect, it } from '@jest/globals';
import { decodeRequest } from '../../../src/api/decode.ts';
import { desiredHash } from '../../../src/api/desired-hash.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { edited, isOfLab, recordedText, recordings, updateMachineBody } from '../../helpers/requests.ts';
import { scrub } from './scrub.ts';

const SPEC = '/desired/bootstrapConfig/spec';
const SECRET = 'hunter2-\\"sword\\"-fish\\n';
const PEM = '-----BEGIN RSA PRIVATE KEY-----\nMIIEdeadbeef+/=\n-----END RSA PRIVATE KEY-----\n';
const LAST_APPLIED = 'kubectl.kubernetes.io~1last-applied-configuration';

describe('a secret becomes a placeholder of the same length', () => {
  it.each<[string, string, string]>([
    [
      'a bootstrap token',
      `${SPEC}/joinConfiguration/discovery/bootstrapToken/token`,
      'abc123.0123456789abcdef',
    ],
    ['a bootstrap token in a command', `${SPEC}/note`, 'join --token abc123.0123456789abcdef now'],
    [
      'a CA hash',
      `${SPEC}/joinConfiguration/discovery/bootstrapToken/caCertHashes`,
      `sha256:${'ab1'.repeat(21)}c`,
    ],
    ['a private key', `${SPEC}/note`, PEM],
    ['a password', `${SPEC}/users/passwd`, SECRET],
    ['a password in a URL', `${SPEC}/note`, 'https://user:hunter2@example.com/'],
    ['user data', '/desired/infrastructureMachine/spec/userData', SECRET],
    ['a CA bundle', '/desired/infrastructureMachine/spec/caBundle', 'TUlJRQ=='],
    [
      'the last applied configuration',
      `/desired/machine/metadata/annotations/${LAST_APPLIED}`,
      `{"é":"${SECRET}"}`,
    ],
  ])('%s', (_, pointer, secret) => {
    const before = text(edited(updateMachineBody({}), [pointer, secret]));
    const after = scrub(before);
    expect(Buffer.byteLength(after)).toBe(Buffer.byteLength(before));
    expect(after).not.toMatch(/hunter2|sword|123456789|deadbeef|TUlJ|ab1ab1/);
    expect(decodeRequest(JSON.parse(after)).hook).toBe('UpdateMachine');
    expect(scrub(after)).toBe(after);
  });

  it('the value of an argument that has a telling name', () => {
    const extraArgs = (value: string) =>
      text({
        extraArgs: [
          { name: 'oidc-client-secret', value },
          { name: 'v', value: 'hunter2' },
        ],
      });
    expect(scrub(extraArgs('hunter2'))).toBe(extraArgs('xxxxxxx'));
  });
});

it('everything else stays, byte for byte', () => {
  const body = updateMachineBody({
    to: {
      bootstrap: {
        files: [
          { path: '/etc/a', content: 'kubelet \u2028 token: none\n' },
          { path: '/etc/b', contentFrom: { secret: { name: 'audit-policy', key: 'policy.yaml' } } },
        ],
        joinConfiguration: { nodeRegistration: { name: '{{ ds.meta_data.local_hostname }}' } },
      },
    },
  });
  const before = edited(body, ['/desired/machine/spec/bootstrap/dataSecretName', 'refit-cp-2f546']);
  // As Go escapes.
  const asGo = text(before).replaceAll('{{', '\\u003c').replaceAll('\u2028', '\\u2028');
  expect(scrub(asGo)).toBe(asGo);
});

it('states that differ stay different ones', () => {
  const states = ['a', 'b'].map((content) =>
    updateMachineBody({ to: { bootstrap: { files: [{ path: '/etc/a', content }] } } }),
  );
  const hashes = states.map((body) => desiredHash(decodeRequest(JSON.parse(scrub(text(body))))));
  expect(hashes).toEqual(states.map((body) => desiredHash(decodeRequest(body))));
});

it('no recording of the lab holds a secret', () => {
  const texts = recordings()
    .filter(isOfLab)
    .map((path) => [path, recordedText(path)] as const);
  expect(texts.filter(([, content]) => scrub(content) !== content).map(([path]) => path)).toEqual([]);
});

function text(body: JsonObject): string {
  return JSON.stringify(body);
}
