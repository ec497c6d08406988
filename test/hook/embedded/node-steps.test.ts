import { describe, expect, it } from '@jest/globals';
import type { FlipStep } from '../../../src/api/steps.ts';
import type { NodeStep, StepInput } from '../../../src/hook/embedded/node-step.ts';
import { performOnNode } from '../../../src/hook/embedded/node-steps.ts';
import { createNode, type NodeInput, type SimulatedNode } from '../../../src/hook/embedded/node.ts';

const FROM = 'v1.33.7';
const TO = 'v1.34.3';

function node(more: Partial<NodeInput> = {}): SimulatedNode {
  return createNode({ name: 'md-0', uid: 'node-uid', role: 'worker', version: FROM, ...more });
}

function input(more: Partial<StepInput> = {}): StepInput {
  return {
    operation: 'refit-md-0-01234567-1',
    machine: { namespace: 'lab', name: 'md-0', uid: 'machine-uid' },
    cluster: 'edge',
    kubernetes: TO,
    hash: 'v1-new',
    release: { name: TO, containerd: '2.1.4', cni: '1.8.0' },
    steps: listed('kubeadm', 'kubelet', 'verify'),
    planSha256: '',
    behind: [],
    drain: 'auto',
    needed: true,
    peers: [],
    ...more,
  };
}

function listed(...names: readonly FlipStep[]): StepInput['steps'] {
  return names.map((name) => ({ name, timeoutSeconds: 300 }));
}

function perform(target: SimulatedNode, steps: NodeStep[], given = input()): void {
  for (const step of steps) performOnNode(target, step, given);
}

describe('the order of steps', () => {
  it.each<[string, NodeStep[], NodeStep, string]>([
    ['kubeadm without staged binaries', [], 'kubeadm', 'staged kubeadm: got none, expected v1.34.3'],
    ['kubelet before kubeadm', ['stage'], 'kubelet', 'kubeadm: got v1.33.7, expected v1.34.3'],
    ['verify before kubelet', ['stage', 'kubeadm'], 'verify', 'kubelet: got v1.33.7, expected v1.34.3'],
    ['containerd without staged binaries', [], 'containerd', 'staged containerd: got none, expected 2.1.4'],
    ['cni without staged binaries', [], 'cni', 'staged cni: got none, expected 1.8.0'],
  ])('%s is refused', (_, before, step, message) => {
    const target = node();
    perform(target, before);
    const versions = { ...target.versions };
    expect(() => performOnNode(target, step, input())).toThrow(
      expect.objectContaining({ reason: 'Failed', message }),
    );
    expect(target.versions).toEqual(versions);
  });

  it('staged binaries of another version are not enough', () => {
    const target = node();
    perform(target, ['stage'], input({ kubernetes: 'v1.34.1' }));
    expect(() => performOnNode(target, 'kubeadm', input())).toThrow(
      'staged kubeadm: got none, expected v1.34.3',
    );
  });

  it('a kubelet that was not staged is not installed', () => {
    const target = node();
    target.versions.kubeadm = TO;
    expect(() => performOnNode(target, 'kubelet', input())).toThrow(
      'staged kubelet: got none, expected v1.34.3',
    );
  });

  it('every step is found done when it is repeated', () => {
    const target = node({ role: 'control-plane' });
    const steps: NodeStep[] = ['prepull', 'stage', 'containerd', 'cni', 'kubeadm', 'configure', 'kubelet'];
    perform(target, steps);
    for (const step of steps.filter((name) => name !== 'stage')) {
      expect([step, performOnNode(target, step, input()).changes]).toEqual([step, []]);
    }
  });
});

describe('version rules', () => {
  it.each([
    ['v1.35.0', 'skips a minor version'],
    ['v1.33.2', 'downgrade'],
  ])('preflight refuses %s: %s', (kubernetes, message) => {
    expect(() => performOnNode(node(), 'preflight', input({ kubernetes }))).toThrow(message);
  });

  it('a kubelet never gets above the oldest API server of its Cluster', () => {
    const peers = [TO, FROM].map((version) => node({ role: 'control-plane', version }));
    const target = node();
    perform(target, ['stage', 'kubeadm']);
    expect(() => performOnNode(target, 'kubelet', input({ peers }))).toThrow('at most the minor version');
    expect(() => performOnNode(target, 'kubelet', input({ peers: peers.slice(0, 1) }))).not.toThrow();
  });

  it('a control-plane kubelet follows its own API server', () => {
    const target = node({ role: 'control-plane' });
    perform(target, ['preflight', 'stage']);
    target.versions.kubeadm = TO;
    expect(() => performOnNode(target, 'kubelet', input())).toThrow('at most the minor version');
    perform(target, ['kubeadm', 'kubelet', 'verify']);
    expect(target.versions).toMatchObject({ kubelet: TO, 'kube-apiserver': TO, etcd: '3.6.8' });
  });

  it('verify looks at the API server and at Ready too', () => {
    const target = node({ role: 'control-plane', version: TO });
    target.versions['kube-apiserver'] = FROM;
    expect(() => performOnNode(target, 'verify', input())).toThrow('kube-apiserver: got v1.33.7');
    target.versions['kube-apiserver'] = TO;
    target.ready = false;
    expect(() => performOnNode(target, 'verify', input())).toThrow('Ready: got False');
  });
});

describe('preflight', () => {
  const there = { version: TO, hash: 'v1-new', containerd: '2.1.4', cni: '1.8.0' };
  const peer = node();

  it.each<[string, Partial<NodeInput>, Partial<StepInput>, string, string]>([
    ['everything as wanted', there, {}, 'false', 'false'],
    ['another version', { ...there, version: FROM }, {}, 'true', 'true'],
    ['another hash', { ...there, hash: 'v1-old' }, {}, 'true', 'true'],
    ['a hash that is not known', { ...there, hash: '' }, {}, 'true', 'true'],
    ['no hash given', { ...there, hash: 'v1-old' }, { hash: '' }, 'false', 'false'],
    ['another containerd', { ...there, containerd: '1.7.28' }, {}, 'true', 'true'],
    ['other CNI plugins', { ...there, cni: '1.7.1' }, {}, 'true', 'true'],
    ['a release without them', { ...there, cni: '1.7.1' }, { release: { name: TO } }, 'false', 'false'],
    ['the policy never', { ...there, version: FROM }, { drain: 'never' }, 'true', 'false'],
    ['no other node', { ...there, version: FROM }, { peers: [] }, 'true', 'false'],
  ])('with %s', (_, is, wanted, work, drain) => {
    const { outputs } = performOnNode(node(is), 'preflight', input({ peers: [peer], ...wanted }));
    expect(outputs).toMatchObject({ work, drain });
  });

  it.each([
    ['1.7.28', 'true'],
    ['2.1.4', 'false'],
  ])('says whether containerd %s must be drained for first: %s', (containerd, expected) => {
    const { outputs } = performOnNode(node({ ...there, version: FROM, containerd }), 'preflight', input());
    expect(outputs?.['drain-first']).toBe(expected);
  });

  it('finds none in a cordon that Refit left behind: verify takes it away', () => {
    const target = node(there);
    target.cordoned = target.cordonedByRefit = true;
    const nothing = { work: 'false', drain: 'false', 'drain-first': 'false' };
    expect(performOnNode(target, 'preflight', input()).outputs).toEqual(nothing);
  });
});

describe('drain and uncordon', () => {
  it.each([
    [false, true],
    [true, true],
  ])('of a node that a person cordoned: %s', (byPerson, during) => {
    const target = node();
    target.cordoned = byPerson;
    perform(target, ['drain'], input({ peers: [node()] }));
    expect(target.cordoned).toBe(during);
    perform(target, ['uncordon']);
    expect(target.cordoned).toBe(byPerson);
  });

  it('moves nothing when that is not needed', () => {
    const target = node();
    perform(target, ['drain'], input({ peers: [node()], needed: false }));
    expect(target.cordoned).toBe(false);
  });

  it('does not count nodes that are cordoned as room', () => {
    const [target, peer] = [node(), node()];
    peer.cordoned = true;
    perform(target, ['drain'], input({ peers: [peer] }));
    expect(target.cordoned).toBe(false);
  });
});

describe('the plan file', () => {
  it('is not left where nothing is to be done', () => {
    const done = node({ version: TO, hash: 'v1-new', containerd: '2.1.4', cni: '1.8.0' });
    expect(performOnNode(done, 'stage', input()).outputs).toEqual({ 'plan-sha256': '' });
  });

  it('is bound to what it says', () => {
    const digest = (more: Partial<StepInput>) =>
      performOnNode(node(), 'stage', input(more)).outputs?.['plan-sha256'];
    expect(digest({})).toMatch(/^[0-9a-f]{64}$/);
    expect(digest({})).toBe(digest({}));
    expect(digest({})).not.toBe(digest({ hash: 'v1-other' }));
    expect(digest({})).not.toBe(digest({ steps: listed('kubelet') }));
  });

  it('is checked by every step of the flip, and by no other', () => {
    const target = node();
    const { outputs } = performOnNode(target, 'stage', input());
    const planSha256 = outputs?.['plan-sha256'] ?? '';
    expect(() => performOnNode(target, 'kubeadm', input({ planSha256 }))).not.toThrow();
    const wrong = input({ planSha256: 'f'.repeat(64) });
    expect(() => performOnNode(target, 'kubelet', wrong)).toThrow('plan file');
    expect(() => performOnNode(target, 'prepull', wrong)).not.toThrow();
  });
});
