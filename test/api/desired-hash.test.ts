import { describe, expect, it } from '@jest/globals';
import { decodeRequest } from '../../src/api/decode.ts';
import { desiredHash } from '../../src/api/desired-hash.ts';
import type { JsonObject, JsonValue } from '../../src/api/json.ts';
import {
  edited,
  isOfLab,
  machineBody,
  machineSetBody,
  recorded,
  recordings,
  updateMachineBody,
  type Edit,
} from '../helpers/requests.ts';

const hashOf = (body: JsonObject) => desiredHash(decodeRequest(body));
/** The hash of a control-plane machine with this bootstrap configuration. */
const specHash = (bootstrap: JsonObject) => hashOf(updateMachineBody({ to: { bootstrap } }));

describe('of recorded requests', () => {
  it.each(recordings('-updatemachine-'))('CAPI asked before for what %s wants', (update) => {
    const [folder = ''] = update.split('/');
    const asked = recordings('-canupdate').filter((path) => path.startsWith(`${folder}/`) && path < update);
    expect(asked.map((path) => hashOf(recorded(path)))).toContain(hashOf(recorded(update)));
  });

  it('different changes have different ones', () => {
    const byHand = recordings('01-canupdate').filter((path) => !isOfLab(path));
    const changes = byHand.map((path) => hashOf(recorded(path)));
    expect(new Set(changes).size).toBe(changes.length);
  });
});

describe('what CAPI shows on one side only does not matter', () => {
  const UPDATE = 'kcp-version-1.33-to-1.34/02-updatemachine-refit-cp-2f546.json';
  const CONFIG = '/desired/bootstrapConfig';

  it.each<[string, Edit]>([
    ['a label', ['/desired/machine/metadata/labels/a', 'b']],
    ['an annotation', [`${CONFIG}/metadata/annotations/a`, 'b']],
    ['a token', [`${CONFIG}/spec/joinConfiguration/discovery`, { bootstrapToken: { token: 'abcdef.x' } }]],
    ['the endpoint', [`${CONFIG}/spec/clusterConfiguration/controlPlaneEndpoint`, 'b:6443']],
    ['dns', [`${CONFIG}/spec/clusterConfiguration/dns`, { imageTag: 'v1' }]],
    ['timeouts', [`${CONFIG}/spec/joinConfiguration/timeouts`, { discoverySeconds: 1 }]],
    ['format', [`${CONFIG}/spec/format`, 'cloud-config']],
    [
      'imagePullPolicy',
      [`${CONFIG}/spec/joinConfiguration/nodeRegistration/imagePullPolicy`, 'IfNotPresent'],
    ],
    [
      'an initConfiguration beside the joinConfiguration',
      [`${CONFIG}/spec/initConfiguration`, { skipPhases: ['a'] }],
    ],
    ['an empty list', [`${CONFIG}/spec/mounts`, []]],
    ['infrastructure', ['/desired/infrastructureMachine/spec/providerID', 'x']],
    ['the other fields of the Machine', ['/desired/machine/spec/readinessGates', []]],
  ])('%s', (_, edit) => {
    expect(hashOf(recorded(UPDATE, edit))).toBe(hashOf(recorded(UPDATE)));
  });

  it('an init configuration is that of a machine that joined', () => {
    const registration = { kubeletExtraArgs: [{ name: 'max-pods', value: '1' }] };
    const localAPIEndpoint = { bindPort: 6443 };
    expect(specHash({ initConfiguration: { nodeRegistration: registration, localAPIEndpoint } })).toBe(
      specHash({ joinConfiguration: { nodeRegistration: registration, controlPlane: { localAPIEndpoint } } }),
    );
  });

  it('an init configuration beside timeouts, which the conversion of older objects makes, is that too', () => {
    const initConfiguration = { nodeRegistration: { kubeletExtraArgs: [{ name: 'max-pods', value: '1' }] } };
    const joinConfiguration = { timeouts: { controlPlaneComponentHealthCheckSeconds: 240 } };
    expect(specHash({ initConfiguration, joinConfiguration })).toBe(specHash({ initConfiguration }));
    expect(specHash({ initConfiguration, joinConfiguration })).not.toBe(specHash({ joinConfiguration }));
  });

  it('a template is what is made of it', () => {
    const parts = { to: { bootstrap: { files: [{ path: '/a', content: 'b' }] } } };
    expect(hashOf(machineSetBody(parts))).toBe(hashOf(updateMachineBody({ role: 'worker', ...parts })));
    expect(hashOf(machineBody(parts))).toBe(hashOf(updateMachineBody(parts)));
  });
});

describe('every other field of the wanted state matters', () => {
  it.each(['version', 'failureDomain'])('%s', (field) => {
    const body = updateMachineBody({});
    expect(hashOf(edited(body, [`/desired/machine/spec/${field}`, 'v1.34.9']))).not.toBe(hashOf(body));
  });

  it('the bootstrap kind', () => {
    expect(hashOf(updateMachineBody({ bootstrapKind: 'Other' }))).not.toBe(hashOf(updateMachineBody({})));
    expect(hashOf(updateMachineBody({ to: { bootstrap: null } }))).not.toBe(hashOf(updateMachineBody({})));
  });

  it.each<[string, JsonValue]>([
    ['/clusterConfiguration/apiServer/certSANs', ['a']],
    ['/clusterConfiguration/controllerManager/extraArgs', [{ name: 'a', value: 'b' }]],
    ['/clusterConfiguration/scheduler/extraVolumes', [{ name: 'a' }]],
    ['/clusterConfiguration/etcd/local/imageTag', 'a'],
    ['/clusterConfiguration/imageRepository', 'a'],
    ['/clusterConfiguration/featureGates/A', false],
    ['/clusterConfiguration/certificatesDir', '/a'],
    ['/clusterConfiguration/certificateValidityPeriodDays', 1],
    ['/clusterConfiguration/caCertificateValidityPeriodDays', 1],
    ['/clusterConfiguration/encryptionAlgorithm', 'a'],
    ['/joinConfiguration/nodeRegistration/name', 'a'],
    ['/joinConfiguration/nodeRegistration/criSocket', 'a'],
    ['/joinConfiguration/nodeRegistration/taints', [{ key: 'a', effect: 'b' }]],
    ['/joinConfiguration/nodeRegistration/kubeletExtraArgs', [{ name: 'a', value: 'b' }]],
    ['/joinConfiguration/nodeRegistration/ignorePreflightErrors', ['a']],
    ['/joinConfiguration/nodeRegistration/imagePullSerial', false],
    ['/joinConfiguration/controlPlane/localAPIEndpoint/bindPort', 1],
    ['/joinConfiguration/caCertPath', '/a'],
    ['/joinConfiguration/skipPhases', ['a']],
    ['/joinConfiguration/patches/directory', '/a'],
    ['/files', [{ path: '/a', content: 'b' }]],
    ['/users', [{ name: 'a' }]],
    ['/ntp/enabled', false],
    ['/diskSetup/partitions', [{ device: 'a' }]],
    ['/mounts', [['a']]],
    ['/bootCommands', ['a']],
    ['/preKubeadmCommands', ['a']],
    ['/postKubeadmCommands', ['a']],
    ['/ignition/containerLinuxConfig/strict', false],
    ['/verbosity', 0],
  ])('%s', (field, value) => {
    expect(specHash(edited({}, [field, value]))).not.toBe(specHash({}));
  });

  it('the order of a list', () => {
    const files = [{ path: '/a' }, { path: '/b' }];
    expect(specHash({ files })).not.toBe(specHash({ files: files.toReversed() }));
  });

  it('not the order of members', () => {
    expect(specHash({ verbosity: 1, ntp: { enabled: true } })).toBe(
      specHash({ ntp: { enabled: true }, verbosity: 1 }),
    );
  });
});

it('going to and fro between two states alternates between two hashes', () => {
  const a = updateMachineBody({ to: { version: 'v1.34.3' } });
  const b = updateMachineBody({ to: { version: 'v1.34.4' } });
  const [first, second, third, fourth] = [a, b, a, b].map(hashOf);
  expect(first).not.toBe(second);
  expect([third, fourth]).toEqual([first, second]);
});

it('a hash shows the version of the list of fields and no value', () => {
  expect(specHash({ files: [{ path: '/a', content: 'hunter2' }] })).toMatch(/^v1-[0-9a-f]{16}$/);
});

it.each(['__proto__', 'constructor'])('a field named %s does no harm', (key) => {
  const spec = JSON.parse(`{"${key}": {"files": 1}, "initConfiguration": {"${key}": 1}}`) as JsonObject;
  expect(specHash(spec)).toBe(specHash({}));
});
