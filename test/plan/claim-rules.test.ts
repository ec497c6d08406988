import { describe, expect, it } from '@jest/globals';
import { desiredHash } from '../../src/api/desired-hash.ts';
import type { JsonObject, JsonValue } from '../../src/api/json.ts';
import type { Role } from '../../src/api/steps.ts';
import { KUBEADM_RULES, type ClaimRule } from '../../src/plan/claim-rules.ts';
import type { Claim } from '../../src/plan/claim.ts';
import { claims } from '../helpers/claims.ts';
import { edited, machineBody, updateMachine, updateMachineBody, type Parts } from '../helpers/requests.ts';

/** `uncovered`, or `claimed` with the steps. */
type Verdict = string;

/** The verdicts when a bootstrap field goes from one value to another; claimed ones with their steps. */
function fieldVerdicts(role: Role, field: string, from: JsonValue | undefined, to: JsonValue | undefined) {
  const parts: Parts = {
    role,
    from: { bootstrap: edited({}, [field, from]) },
    to: { bootstrap: edited({}, [field, to]) },
  };
  return claims(machineBody(parts)).map(brief);
}

function brief(claim: Claim): Verdict {
  return claim.verdict === 'claimed' ? `claimed ${claim.steps.join(' ')}`.trim() : 'uncovered';
}

const ARGS = [{ name: 'profiling', value: 'false' }];
const VOLUMES = [{ name: 'audit', hostPath: '/a', mountPath: '/a' }];
const FILE = [{ path: '/etc/kubernetes/audit.yaml', content: 'x' }];
const TAINTS = [{ key: 'k', effect: 'NoSchedule' }];
const CC = '/clusterConfiguration';
const REGISTRATION = '/joinConfiguration/nodeRegistration';

/** Field, value that is added, verdict for a control plane, verdict for a worker. */
const TABLE: [string, JsonValue, Verdict, Verdict][] = [
  [`${CC}/featureGates`, { A: true }, 'claimed kubeadm', 'claimed'],
  [`${CC}/imageRepository`, 'r.example.com', 'claimed prepull kubeadm', 'claimed'],
  [`${CC}/etcd/local/imageRepository`, 'r.example.com', 'claimed prepull kubeadm', 'claimed'],
  [`${CC}/etcd/local/imageTag`, '3.6.0-0', 'claimed prepull kubeadm', 'claimed'],
  [`${CC}/etcd/local/extraArgs`, ARGS, 'claimed kubeadm', 'claimed'],
  [`${CC}/etcd/local/extraEnvs`, ARGS, 'claimed kubeadm', 'claimed'],
  [`${CC}/etcd/local/serverCertSANs`, ['a'], 'uncovered', 'claimed'],
  [`${CC}/etcd/local/peerCertSANs`, ['a'], 'uncovered', 'claimed'],
  [`${CC}/etcd/local/dataDir`, '/data', 'uncovered', 'claimed'],
  [`${CC}/etcd/external`, { endpoints: ['https://e'] }, 'uncovered', 'claimed'],
  ...['apiServer', 'controllerManager', 'scheduler'].flatMap(
    (component): [string, JsonValue, Verdict, Verdict][] => [
      [`${CC}/${component}/extraArgs`, ARGS, 'claimed kubeadm', 'claimed'],
      [`${CC}/${component}/extraEnvs`, ARGS, 'claimed kubeadm', 'claimed'],
      [`${CC}/${component}/extraVolumes`, VOLUMES, 'claimed kubeadm', 'claimed'],
    ],
  ),
  [`${CC}/apiServer/certSANs`, ['a'], 'claimed kubeadm configure', 'claimed'],
  [`${CC}/certificatesDir`, '/pki', 'uncovered', 'claimed'],
  [`${CC}/caCertificateValidityPeriodDays`, 365, 'uncovered', 'claimed'],
  [`${CC}/certificateValidityPeriodDays`, 365, 'claimed kubeadm', 'claimed'],
  [`${CC}/encryptionAlgorithm`, 'RSA-3072', 'claimed kubeadm', 'claimed'],
  [`${CC}/controlPlaneEndpoint`, 'a:6443', 'uncovered', 'claimed'],
  [`${CC}/dns`, { imageTag: 'v1' }, 'uncovered', 'claimed'],
  [CC, { unknownField: 1 }, 'uncovered', 'claimed'],
  ['/initConfiguration', { unknownField: 1 }, 'uncovered', 'claimed'],
  ['/joinConfiguration/discovery', { bootstrapToken: { token: 't' } }, 'claimed', 'claimed'],
  ['/joinConfiguration/caCertPath', '/ca', 'uncovered', 'uncovered'],
  ['/joinConfiguration/controlPlane', {}, 'uncovered', 'uncovered'],
  ['/joinConfiguration/skipPhases', ['a'], 'claimed', 'claimed'],
  ['/joinConfiguration/timeouts', { discoverySeconds: 3 }, 'claimed', 'claimed'],
  ['/joinConfiguration/patches/directory', '/p', 'claimed kubeadm kubelet', 'claimed kubeadm kubelet'],
  [`${REGISTRATION}/kubeletExtraArgs`, ARGS, 'claimed configure kubelet', 'claimed configure kubelet'],
  [`${REGISTRATION}/taints`, TAINTS, 'uncovered', 'uncovered'],
  [`${REGISTRATION}/name`, 'n', 'uncovered', 'uncovered'],
  [`${REGISTRATION}/criSocket`, 'unix:///x', 'uncovered', 'uncovered'],
  [`${REGISTRATION}/ignorePreflightErrors`, ['a'], 'claimed', 'claimed'],
  [`${REGISTRATION}/imagePullPolicy`, 'Always', 'claimed', 'claimed'],
  [`${REGISTRATION}/imagePullSerial`, false, 'claimed', 'claimed'],
  ['/files', FILE, 'claimed configure', 'claimed configure'],
  ['/users', [{ name: 'a' }], 'uncovered', 'uncovered'],
  ['/ntp', { enabled: true }, 'uncovered', 'uncovered'],
  ['/diskSetup', { partitions: [{ device: 'a' }] }, 'uncovered', 'uncovered'],
  ['/mounts', [['a', 'b']], 'uncovered', 'uncovered'],
  ['/bootCommands', ['a'], 'uncovered', 'uncovered'],
  ['/preKubeadmCommands', ['a'], 'uncovered', 'uncovered'],
  ['/postKubeadmCommands', ['a'], 'uncovered', 'uncovered'],
  ['/format', 'ignition', 'uncovered', 'uncovered'],
  ['/ignition', { containerLinuxConfig: { strict: true } }, 'uncovered', 'uncovered'],
  ['/verbosity', 5, 'claimed', 'claimed'],
  ['/unknownField', 1, 'uncovered', 'uncovered'],
];

describe('a field of a KubeadmConfig', () => {
  it.each(TABLE)('%s', (field, value, controlPlane, worker) => {
    expect(fieldVerdicts('control-plane', field, undefined, value)).toEqual([controlPlane]);
    expect(fieldVerdicts('worker', field, undefined, value)).toEqual([worker]);
  });

  it('has a row in this table if it has a rule', () => {
    const fields = KUBEADM_RULES.flatMap((rule: ClaimRule) => rule.fields);
    expect(TABLE.map(([field]) => field)).toEqual(expect.arrayContaining(fields));
  });

  it.each(TABLE.filter(([field]) => field !== '/files'))(
    '%s is judged alike when it goes',
    (field, value, controlPlane) => {
      expect(fieldVerdicts('control-plane', field, value, undefined)).toEqual([controlPlane]);
    },
  );

  it('certSANs disturb the node, a feature gate by itself does not in configure', () => {
    const of = (field: string, value: JsonValue) =>
      claims(machineBody({ to: { bootstrap: edited({}, [field, value]) } }))[0];
    expect(of(`${CC}/apiServer/certSANs`, ['a'])).toMatchObject({ disturbs: true });
    expect(of(`${CC}/featureGates`, { A: true })).not.toHaveProperty('disturbs');
  });
});

describe('a field that needs work on the node is part of the identity of a wanted state', () => {
  const rows = TABLE.flatMap(([field, value, controlPlane, worker]): [Role, string, JsonValue][] => [
    ...(isWork(controlPlane) ? [['control-plane', field, value] as [Role, string, JsonValue]] : []),
    ...(isWork(worker) ? [['worker', field, value] as [Role, string, JsonValue]] : []),
  ]);

  it.each(rows)('of a %s: %s', (role, field, value) => {
    const hashOf = (bootstrap: JsonObject) =>
      desiredHash(updateMachine(updateMachineBody({ role, to: { bootstrap } })));
    expect(hashOf(edited({}, [field, value]))).not.toBe(hashOf({}));
  });

  function isWork(verdict: Verdict): boolean {
    return verdict.startsWith('claimed ');
  }
});

describe('initConfiguration of a control plane is judged as joinConfiguration', () => {
  it.each<[string, JsonValue, Verdict]>([
    ['/initConfiguration/nodeRegistration/kubeletExtraArgs', ARGS, 'claimed configure kubelet'],
    ['/initConfiguration/nodeRegistration/taints', TAINTS, 'uncovered'],
    ['/initConfiguration/nodeRegistration/imagePullPolicy', 'Always', 'claimed'],
    ['/initConfiguration/localAPIEndpoint', { bindPort: 6443 }, 'uncovered'],
    ['/initConfiguration/skipPhases', ['a'], 'claimed'],
    ['/initConfiguration/patches/directory', '/p', 'claimed kubeadm kubelet'],
    ['/initConfiguration/bootstrapTokens', [{ token: 't' }], 'uncovered'],
  ])('%s', (field, value, verdict) => {
    expect(fieldVerdicts('control-plane', field, undefined, value)).toEqual([verdict]);
  });
});

describe('an empty value', () => {
  it.each<[string, JsonValue]>([
    ['/clusterConfiguration', {}],
    ['/clusterConfiguration/etcd', {}],
    ['/clusterConfiguration/etcd/local', null],
    ['/joinConfiguration', {}],
    ['/initConfiguration', {}],
    ['/initConfiguration/nodeRegistration', {}],
    [REGISTRATION, {}],
    [`${REGISTRATION}/kubeletExtraArgs`, []],
    ['/files', []],
    ['/files', null],
  ])('in a place that only holds ruled fields needs nothing: %s %j', (field, value) => {
    expect(fieldVerdicts('control-plane', field, undefined, value)).toEqual(['claimed']);
    expect(fieldVerdicts('control-plane', field, value, undefined)).toEqual(['claimed']);
  });

  it.each<[string, JsonValue]>([
    ['/users', []],
    ['/joinConfiguration/controlPlane', {}],
    [`${REGISTRATION}/taints`, []],
    ['/unknownField', {}],
  ])('elsewhere follows its rule: %s %j', (field, value) => {
    expect(fieldVerdicts('control-plane', field, undefined, value)).toEqual(['uncovered']);
  });

  it.each<[string, JsonValue, JsonValue]>([
    ['/clusterConfiguration', {}, 'text'],
    ['/files', [], 'text'],
    ['/files', ['a'], ['b']],
    [`${REGISTRATION}/kubeletExtraArgs`, {}, ['b']],
  ])('is not what something of another type is: %s %j', (field, from, to) => {
    expect(fieldVerdicts('control-plane', field, from, to)).toEqual(['uncovered']);
  });
});
