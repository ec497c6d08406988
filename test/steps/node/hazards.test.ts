import { describe, expect, it } from '@jest/globals';
import type { EtcdMember } from '../../../src/steps/node/etcd.ts';
import { hazardFindings, type HazardFacts } from '../../../src/steps/node/hazards.ts';
import { treeFiles } from './tree-content.ts';

const FLAGS = '/var/lib/kubelet/kubeadm-flags.env';
const DEFAULTS = '/etc/default/kubelet';

const member = (name: string, version: string | undefined): EtcdMember => {
  return { name, version, healthy: true, isLearner: false, clientURL: 'https://172.30.0.11:2379' };
};

const CONTROL_PLANE: HazardFacts = {
  etcdMembers: [member('a', '3.5.26'), member('b', '3.6.5')],
  etcdManifest: treeFiles({ role: 'control-plane' })['/etc/kubernetes/manifests/etcd.yaml'],
  kubeletFlags: [{ path: FLAGS, names: ['node-ip'] }],
  featureGates: [],
};
const WORKER: HazardFacts = { ...CONTROL_PLANE, etcdMembers: 'none', etcdManifest: undefined };

const hop = (facts: HazardFacts, from: string | undefined, to: string): string[] =>
  hazardFindings(facts, from, to).map(({ is, text }) => `${is}: ${text}`);

describe('no hazard is known', () => {
  it.each([
    ['v1.27.9', 'v1.28.3'],
    ['v1.29.0', 'v1.30.1'],
    ['v1.31.0', 'v1.32.0'],
    ['v1.33.13', 'v1.34.4'],
    ['v1.34.4', 'v1.35.1'],
    ['v1.35.1', 'v1.36.0'],
    ['v1.34.4', 'v1.34.4'],
  ])('from %s to %s', (from, to) => {
    expect(hop(CONTROL_PLANE, from, to)).toEqual([]);
    expect(hop(WORKER, from, to)).toEqual([]);
  });
});

describe('v1.28.0 to v1.28.2', () => {
  it.each(['v1.28.0', 'v1.28.1', 'v1.28.2'])('%s is refused where etcd runs', (to) => {
    expect(hop(CONTROL_PLANE, 'v1.27.9', to)).toEqual([
      `refusal: kubeadm ${to} waits in vain for etcd to change: got ${to}, expected v1.28.3 or later`,
    ]);
    expect(hop(WORKER, 'v1.27.9', to)).toEqual([]);
  });

  it('left defaults in the manifest of etcd, which a later patch stumbles over', () => {
    const etcdManifest = `${CONTROL_PLANE.etcdManifest ?? ''}  schedulerName: default-scheduler\n`;
    const facts = { ...CONTROL_PLANE, etcdManifest };
    expect(hop(facts, 'v1.28.1', 'v1.28.9')).toEqual([
      expect.stringMatching(
        /^refusal: \/etc\/kubernetes\/manifests\/etcd\.yaml: got defaults .*: remove them/,
      ),
    ]);
    expect(hop(facts, 'v1.28.1', 'v1.29.0')).toEqual([]);
    expect(hop(facts, 'v1.28.3', 'v1.28.9')).toEqual([]);
    expect(hop(CONTROL_PLANE, 'v1.28.1', 'v1.28.9')).toEqual([]);
  });
});

it.each([CONTROL_PLANE, WORKER])('v1.30.0 is refused everywhere', (facts) => {
  expect(hop(facts, 'v1.29.5', 'v1.30.0')).toEqual([
    'refusal: kubeadm v1.30.0 loses the kubelet configuration: got v1.30.0, expected v1.30.1 or later',
  ]);
});

it.each([
  ['v1.30.4', 'v1.31.2', 1],
  ['v1.30.4', 'v1.30.5', 0],
  ['v1.31.0', 'v1.31.2', 0],
  [undefined, 'v1.31.2', 1],
])('that 1.31 restarts containers is noted from %s to %s', (from, to, count) => {
  const text = 'note: kubelet 1.31 restarts every container that 1.30 started: drain the node';
  expect(hop(WORKER, from, to)).toEqual(Array<string>(count).fill(text));
});

describe('etcd before Kubernetes 1.34', () => {
  const old = {
    ...CONTROL_PLANE,
    etcdMembers: [member('a', '3.5.25'), member('b', '3.5.26'), member('', undefined)],
  };

  it('must be new enough on every member', () => {
    expect(hop(old, 'v1.33.1', 'v1.34.0')).toEqual([
      'refusal: etcd member a: got version 3.5.25, expected 3.5.26 or later before v1.34.0: upgrade Kubernetes to its ' +
        'newest patch first, or set etcd.local.imageTag',
      expect.stringContaining('etcd member that never started: got version unknown, expected 3.5.26'),
    ]);
  });

  it.each([
    ['v1.33.1', 'v1.33.5', old],
    ['v1.34.0', 'v1.34.1', old],
    ['v1.33.1', 'v1.34.0', { ...CONTROL_PLANE, etcdMembers: 'external' as const }],
  ])('does not matter from %s to %s', (from, to, facts) => {
    expect(hop(facts, from, to)).toEqual([]);
  });

  it('counts for a pre-release too', () => {
    expect(hop(old, 'v1.33.1', 'v1.34.0-rc.1')).toHaveLength(2);
  });
});

describe('kubelet flags for 1.35', () => {
  const pause = 'pod-infra-container-image';
  const withPause: HazardFacts = {
    ...WORKER,
    kubeletFlags: [
      { path: FLAGS, names: ['node-ip', pause] },
      { path: DEFAULTS, names: [pause] },
    ],
  };

  it('that are gone are noted where they stand', () => {
    const text = `--${pause} is unknown to kubelet 1.35: it will be taken out`;
    expect(hop(withPause, 'v1.34.4', 'v1.35.1')).toEqual([
      `note: ${FLAGS}: ${text}`,
      `note: ${DEFAULTS}: ${text}`,
    ]);
    expect(hop(withPause, 'v1.33.4', 'v1.34.1')).toEqual([]);
  });

  it.each([
    ['no file', []],
    ['none', [{ path: FLAGS, names: [] }]],
    ['only what kubeadm takes out', [{ path: FLAGS, names: ['container-runtime-endpoint', pause] }]],
    ['those of another file', [{ path: DEFAULTS, names: ['node-ip'] }]],
  ])('may not be %s for v1.35.0', (_, kubeletFlags) => {
    const refusals = hop({ ...WORKER, kubeletFlags }, 'v1.35.0', 'v1.35.0');
    expect(refusals).toEqual([
      expect.stringMatching(/^refusal: .*: got no flag that stays, expected one, .*v1\.35\.1/),
    ]);
    expect(hop({ ...WORKER, kubeletFlags }, 'v1.35.0', 'v1.35.1')).toEqual([]);
  });

  it('are fine for v1.35.0 when one stays', () => {
    expect(hop(WORKER, 'v1.34.4', 'v1.35.0')).toEqual([]);
  });
});

it.each([
  ['v1.35.1', 'v1.36.0', 1],
  ['v1.36.0', 'v1.36.0', 1],
  ['v1.34.1', 'v1.35.1', 0],
])('the feature gate that 1.36 does not know is refused from %s to %s', (from, to, count) => {
  const facts = { ...CONTROL_PLANE, featureGates: ['ControlPlaneKubeletLocalMode', 'RootlessControlPlane'] };
  const refusals = hop(facts, from, to);
  expect(refusals).toHaveLength(count);
  for (const text of refusals)
    expect(text).toMatch(/^refusal: clusterConfiguration\.featureGates: got Control.*remove it/);
});
