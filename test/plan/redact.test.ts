import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '../../src/api/json.ts';
import { differences } from '../../src/plan/differences.ts';
import { shownSides } from '../../src/plan/redact.ts';
import { canUpdate, edited, machineBody, machineSetBody, type Parts } from '../helpers/requests.ts';

const DIGEST = /^sha256:[0-9a-f]{16}$/;
const SECRET = 'correct-horse-battery';

/** What is shown of a field that is added. */
function shownBootstrap(field: string, value: JsonValue): (JsonValue | undefined)[] {
  return shown({ to: { bootstrap: edited({}, [field, value]) } });
}

function shownInfrastructure(field: string, value: JsonValue): (JsonValue | undefined)[] {
  return shown({ to: { infrastructure: edited({}, [field, value]) } });
}

function shown(parts: Parts): (JsonValue | undefined)[] {
  const texts = [machineBody(parts), machineSetBody(parts)].map((body) =>
    differences(canUpdate(body)).map((difference) => shownSides(difference).to),
  );
  expect(texts[0]).toEqual(texts[1]);
  return texts[0] ?? [];
}

describe('never shown in a bootstrap configuration', () => {
  it.each<[string, JsonValue]>([
    ['/files', [{ path: '/a', content: SECRET }]],
    ['/files', [{ path: '/a', unknown: SECRET }]],
    ['/files', SECRET],
    ['/joinConfiguration/discovery/bootstrapToken/token', SECRET],
    ['/joinConfiguration/discovery/tlsBootstrapToken', SECRET],
    ['/joinConfiguration/discovery/file/kubeConfig/user/exec/env', [{ name: 'A', value: SECRET }]],
    ['/initConfiguration/bootstrapTokens', [{ token: SECRET }]],
    ['/users', [{ name: 'a', passwd: SECRET }]],
    ['/users', [{ name: 'a', sshAuthorizedKeys: [SECRET] }]],
    ['/clusterConfiguration/apiServer/extraEnvs', [{ name: 'A', value: SECRET }]],
    ['/clusterConfiguration/etcd/local/extraEnvs', [{ name: 'A', value: SECRET }]],
    ['/clusterConfiguration/apiServer/extraArgs', [{ name: 'service-account-token', value: SECRET }]],
    ['/clusterConfiguration/apiServer/extraArgs', [{ name: 'Password', value: SECRET }]],
    ['/joinConfiguration/nodeRegistration/kubeletExtraArgs', [{ name: 'my-secret', value: SECRET }]],
    ['/clusterConfiguration/apiServer/extraArgs', [{ name: 'proxy', value: `https://u:${SECRET}@h` }]],
    ['/clusterConfiguration/apiServer/extraArgs', [{ name: 'x', value: `line\n${SECRET}` }]],
    ['/clusterConfiguration/dns/privateKey', SECRET],
    ['/ntp/unknown', SECRET],
    ['/bootCommands', [SECRET]],
    ['/preKubeadmCommands', [SECRET]],
    ['/postKubeadmCommands', [`echo ${SECRET}`]],
    ['/mounts', [['//share', '/mnt', 'cifs', `password=${SECRET}`]]],
    ['/ignition/containerLinuxConfig/additionalConfig', SECRET],
    ['/unknownField', SECRET],
    ['/unknownField/deeper', { list: [SECRET] }],
    ['/constructor', SECRET],
  ])('%s %j', (field, value) => {
    const [text] = shownBootstrap(field, value).map((item) => JSON.stringify(item));
    expect(text).toContain('sha256:');
    expect(text).not.toContain(SECRET);
  });

  it('a number in a secret place', () => {
    expect(shownBootstrap('/users', [{ name: 'a', passwd: 73571234 }])).toEqual([
      { name: 'a', passwd: expect.stringMatching(DIGEST) },
    ]);
  });

  it('a bootstrap token wherever it is', () => {
    expect(shownBootstrap('/verbosity', 'abcdef.0123456789abcdef')).toEqual([expect.stringMatching(DIGEST)]);
  });

  it('a value that changes: its argument has the telling name', () => {
    const parts = (value: string): JsonObject => ({
      clusterConfiguration: { apiServer: { extraArgs: [{ name: 'oidc-client-secret', value }] } },
    });
    expect(shown({ from: { bootstrap: parts('a') }, to: { bootstrap: parts(SECRET) } })).toEqual([
      expect.stringMatching(DIGEST),
    ]);
  });

  it('contents in a list whose order changes', () => {
    const file = (path: string) => ({ path, content: SECRET });
    const files = [file('/a'), file('/b')];
    expect(
      JSON.stringify(
        shown({ from: { bootstrap: { files } }, to: { bootstrap: { files: files.toReversed() } } }),
      ),
    ).not.toContain(SECRET);
  });
});

describe('shown in a bootstrap configuration', () => {
  it.each<[string, JsonValue]>([
    ['/clusterConfiguration/etcd/local/imageTag', '3.6.0-0'],
    ['/clusterConfiguration/apiServer/certSANs', ['api.example.com']],
    ['/clusterConfiguration/apiServer/extraArgs', [{ name: 'profiling', value: 'false' }]],
    ['/clusterConfiguration/featureGates/ServiceAccountTokenNodeBinding', true],
    ['/joinConfiguration/nodeRegistration/kubeletExtraArgs', [{ name: 'max-pods', value: '200' }]],
    ['/joinConfiguration/nodeRegistration/taints', [{ key: 'a', effect: 'NoSchedule' }]],
    ['/files', [{ path: '/a', owner: 'root', permissions: '0600', append: false, encoding: 'base64' }]],
    ['/files', [{ path: '/a', contentFrom: { secret: { name: 'policy', key: 'a.yaml' } } }]],
    [
      '/users',
      [{ name: 'a', sudo: 'ALL', lockPassword: true, passwdFrom: { secret: { name: 's', key: 'k' } } }],
    ],
    ['/ntp/servers', ['0.pool.ntp.org']],
    ['/format', 'ignition'],
    ['/verbosity', 5],
    ['/mounts', []],
    ['/unknownField', null],
    ['/unknownField', {}],
  ])('%s %j', (field, value) => {
    const items = Array.isArray(value) && typeof value[0] === 'object' ? value : [value];
    expect(shownBootstrap(field, value)).toEqual(items);
  });

  it('the rest of an entry with a secret field', () => {
    expect(shownBootstrap('/files', [{ path: '/a', content: SECRET }])).toEqual([
      { path: '/a', content: expect.stringMatching(DIGEST) },
    ]);
  });

  it('that a secret value changed, and whether it is the one from before', () => {
    const commands = (text: string): JsonObject => ({ preKubeadmCommands: [text] });
    const digests = ['a', 'b', 'a'].map((text) => shownBootstrap('/preKubeadmCommands', commands(text)));
    expect(digests[0]).not.toEqual(digests[1]);
    expect(digests[0]).toEqual(digests[2]);
  });
});

describe('infrastructure', () => {
  it.each<[string, JsonValue]>([
    ['/userData', SECRET],
    ['/credentials/name', SECRET],
    ['/bmc/password', SECRET],
    ['/bmc/apiKey', SECRET],
    ['/privateKey', SECRET],
    ['/sshTokens', [SECRET]],
    ['/script', `#!/bin/sh\n${SECRET}`],
    ['/document', `${SECRET}${'x'.repeat(128)}`],
    ['/url', `https://user:${SECRET}@example.com`],
    ['/env', [{ name: 'DB_PASSWORD', value: SECRET }]],
  ])('hides %s %j', (field, value) => {
    const text = JSON.stringify(shownInfrastructure(field, value));
    expect(text).toContain('sha256:');
    expect(text).not.toContain(SECRET);
  });

  it.each<[string, JsonValue]>([
    ['/image', 'ubuntu-24.04-v1.34.3'],
    ['/numCPUs', 8],
    ['/network/devices', ['eth0']],
    ['/template/name', 'x'.repeat(128)],
  ])('shows %s %j', (field, value) => {
    expect(shownInfrastructure(field, value)).toEqual([value]);
  });
});

it('a machine shows its versions, a changed kind both kinds', () => {
  const versions = machineBody({ from: { version: 'v1.33.7' } });
  const kinds = edited(machineBody({}), ['/desired/infrastructureMachine/kind', 'VirtualMachine']);
  expect([versions, kinds].flatMap((body) => differences(canUpdate(body)).map(shownSides))).toEqual([
    { from: 'v1.33.7', to: 'v1.34.3' },
    {
      from: { apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta2', kind: 'MetalMachine' },
      to: { apiVersion: 'infrastructure.cluster.x-k8s.io/v1beta2', kind: 'VirtualMachine' },
    },
  ]);
});

it('sides that are not there stay away', () => {
  const [added] = differences(canUpdate(machineBody({ to: { bootstrap: { verbosity: 1 } } })));
  expect(added && shownSides(added)).toEqual({ to: 1 });
});

it('a field named __proto__ is an ordinary unknown field', () => {
  const body = JSON.parse('{"__proto__": {"polluted": "correct-horse-battery"}}') as JsonObject;
  expect(shown({ to: { bootstrap: body } })).toEqual([expect.stringMatching(DIGEST)]);
});
