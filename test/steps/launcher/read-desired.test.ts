import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeRequest } from '../../../src/api/decode.ts';
import { desiredHash } from '../../../src/api/desired-hash.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { createApiClient } from '../../../src/kubernetes/api-client.ts';
import { at, text } from '../../../src/kubernetes/fields.ts';
import { readDesired } from '../../../src/steps/launcher/read-desired.ts';
import type { Remote } from '../../../src/steps/launcher/remote.ts';
import { ApiServer } from '../../helpers/api-server.ts';
import { fakeClock } from '../../helpers/clock.ts';
import { recorded } from '../../helpers/requests.ts';
import { sampleConfig, sampleFlags, sampleMachine, sampleSecret, SECRET_TEXT } from './samples.ts';

const CONFIGS = '/apis/bootstrap.cluster.x-k8s.io/v1beta2/kubeadmconfigs';
let server: ApiServer;
let remote: Remote;
let lines: string[];

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  const clock = fakeClock();
  const client = createApiClient(server.kubeConfig(), clock);
  lines = [];
  remote = {
    management: client,
    workload: client,
    clock,
    log: (line) => void lines.push(line),
    signal: new AbortController().signal,
  };
});
afterEach(async () => {
  await remote.management.close();
  await server.stop();
});

function put(collection: string, namespace: string, object: JsonObject): void {
  const name = text(object, 'metadata', 'name') ?? '';
  server.data.create({ collection, namespace, name }, object);
}

function putAll(config: JsonObject): void {
  put(CONFIGS, 'lab', config);
  put('/api/v1/secrets', 'lab', sampleSecret());
  const data = { ClusterConfiguration: 'kubernetesVersion: v1.34.3\n' };
  put('/api/v1/configmaps', 'kube-system', { metadata: { name: 'kubeadm-config' }, data });
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('readDesired', () => {
  it('resolves everything that the node needs', async () => {
    putAll(sampleConfig());
    expect(await readDesired(remote, sampleFlags(), sampleMachine())).toEqual({
      version: 1,
      files: [
        {
          path: '/etc/sysctl.d/99-refit.conf',
          owner: 'root:root',
          permissions: '0644',
          content: base64('vm.max_map_count = 262144\n'),
        },
        {
          path: '/etc/kubernetes/audit-policy.yaml',
          owner: 'root:root',
          permissions: '0600',
          content: base64(`${SECRET_TEXT}\n`),
        },
      ],
      kubeletExtraArgs: [{ name: 'max-pods', value: '200' }],
      patchesDirectory: '/etc/kubernetes/patches',
      ignorePreflightErrors: ['Swap'],
      certSANs: ['api.example.com'],
      clusterConfiguration: 'kubernetesVersion: v1.34.3\n',
    });
  });

  it('takes a Machine that kubeadm init made like one that joined', async () => {
    const config = sampleConfig();
    const spec = config['spec'] as JsonObject;
    const { joinConfiguration, ...rest } = spec;
    const { nodeRegistration, patches } = joinConfiguration as JsonObject;
    putAll({ ...config, spec: { ...rest, initConfiguration: { nodeRegistration, patches } as JsonObject } });
    const desired = await readDesired(remote, sampleFlags(), sampleMachine());
    expect(desired.kubeletExtraArgs).toEqual([{ name: 'max-pods', value: '200' }]);
    expect(desired.patchesDirectory).toBe('/etc/kubernetes/patches');
  });

  it('leaves alone what cloud-init rendered at the first boot, and says so', async () => {
    const config = sampleConfig([
      { path: '/etc/id', content: 'uuid: {{ ds.meta_data.uuid }}' },
      { path: '/etc/encoded', encoding: 'base64', content: base64('{{ kept }}') },
      { path: '/etc/hosts', append: true, content: '10.0.0.1 x' },
    ]);
    const argument = { name: 'provider-id', value: 'metal3://{{ ds.meta_data.uuid }}' };
    const registration = at(config, 'spec', 'joinConfiguration', 'nodeRegistration') as JsonObject;
    (registration['kubeletExtraArgs'] as JsonObject[]).push(argument);
    putAll(config);
    const desired = await readDesired(remote, sampleFlags(), sampleMachine());
    expect(desired.files.map(({ path }) => path)).toEqual([
      '/etc/sysctl.d/99-refit.conf',
      '/etc/kubernetes/audit-policy.yaml',
      '/etc/encoded',
    ]);
    expect(desired.kubeletExtraArgs.map(({ name }) => name)).toEqual(['max-pods', 'provider-id']);
    expect(lines).toEqual([
      'file /etc/id is left alone: cloud-init rendered it when the machine first started',
      'file /etc/hosts is left alone: appending to a file is not repeatable',
    ]);
  });

  it('does without kubeadm-config where there is none', async () => {
    put(CONFIGS, 'lab', sampleConfig());
    put('/api/v1/secrets', 'lab', sampleSecret());
    expect(await readDesired(remote, sampleFlags(), sampleMachine())).not.toHaveProperty(
      'clusterConfiguration',
    );
  });

  it('does not take kubeadm-config for absent when the API server is away', async () => {
    putAll(sampleConfig());
    const away: Remote['workload'] = {
      ...remote.workload,
      get: (path, ...rest) => {
        if (path.endsWith('kubeadm-config')) server.failNext(1, 503);
        return remote.workload.get(path, ...rest);
      },
    };
    const reading = readDesired({ ...remote, workload: away }, sampleFlags(), sampleMachine());
    await expect(reading).rejects.toMatchObject({ reason: 'Unavailable' });
  });

  it('refuses another kind of bootstrap configuration', async () => {
    const machine = sampleMachine();
    machine['spec'] = { bootstrap: { configRef: { kind: 'RKE2Config', name: 'x' } } };
    await expect(readDesired(remote, sampleFlags(), machine)).rejects.toMatchObject({
      reason: 'BadInput',
      message: 'Machine spec.bootstrap.configRef.kind: got "RKE2Config", expected KubeadmConfig',
    });
  });

  it.each([
    [
      'is not there',
      undefined,
      /files\[\/etc\/kubernetes\/audit-policy.yaml\].contentFrom: .*404.*contentSecrets/,
    ],
    ['lacks the key', { 'other.yaml': 'eA==' }, /Secret lab\/audit-policy data\[policy.yaml\]: got nothing/],
  ])('refuses a file whose Secret %s', async (_name, data, message) => {
    put(CONFIGS, 'lab', sampleConfig());
    if (data) put('/api/v1/secrets', 'lab', { ...sampleSecret(), data });
    const reading = readDesired(remote, sampleFlags(), sampleMachine());
    await expect(reading).rejects.toMatchObject({
      reason: 'BadInput',
      message: expect.stringMatching(message),
    });
  });
});

describe('the hash of what the Machine asks for now', () => {
  const FIXTURE = 'kcp-files-kubeletargs-etcdtag-certsans/02-updatemachine-refit-cp-2f546.json';

  /** The objects of a recorded request, as they lie in the management cluster. */
  function live(): { hash: string; machine: JsonObject; config: JsonObject } {
    const body = recorded(FIXTURE);
    const desired = body['desired'] as JsonObject;
    const status = { nodeRef: { name: 'refit-cp-2f546' } };
    return {
      hash: desiredHash(decodeRequest(body)),
      machine: { ...(desired['machine'] as JsonObject), status },
      config: desired['bootstrapConfig'] as JsonObject,
    };
  }

  it('is that of the request of Cluster API', async () => {
    const { hash, machine, config } = live();
    putAll(config);
    const desired = await readDesired(remote, sampleFlags({ hash }), machine);
    expect(desired.certSANs).toContain('api2.refit.example.com');
  });

  it('is another one once a field changed: refused', async () => {
    const { hash, machine, config } = live();
    putAll(config);
    const changed = { ...machine, spec: { ...(machine['spec'] as JsonObject), version: 'v1.35.0' } };
    await expect(readDesired(remote, sampleFlags({ hash }), changed)).rejects.toMatchObject({
      reason: 'BadInput',
      message: expect.stringMatching(/^the Machine asks for something else now: hash v1-/),
    });
  });
});
