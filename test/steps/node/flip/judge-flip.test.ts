import { describe, expect, it } from '@jest/globals';
import { judgeFlip, type Look } from '../../../../src/steps/node/flip/judge-flip.ts';
import type { StaticPodName } from '../../../../src/steps/node/static-pods.ts';
import { allRecorded, NEW, OLD, withEdited, type Pod } from './recorded.ts';

const BASELINE = { kubernetes: OLD, manifests: allRecorded(OLD) };
const LOOK: Look = {
  installed: allRecorded(OLD),
  rendered: allRecorded(NEW),
  baseline: BASELINE,
  asLeft: new Set(),
};
const judge = (change: Partial<Look>) => judgeFlip({ ...LOOK, ...change });
const image = (text: string) => (pod: Pod) => void (pod.spec.containers[0].image = text);
const addFlag = (flag: string) => (pod: Pod) => void pod.spec.containers[0].command.push(flag);
const installed = (name: StaticPodName, edit: (pod: Pod) => void): Partial<Look> => ({
  installed: withEdited(LOOK.installed, name, edit),
});

describe('what kubeadm left and nobody has edited may be flipped', () => {
  it('with another minor version of etcd', () => {
    const { reasons, etcdMinorChanges, differences } = judge({});
    expect(reasons).toEqual([]);
    expect(etcdMinorChanges).toBe(true);
    expect(differences).toContain(
      'kube-scheduler: image: got "registry.k8s.io/kube-scheduler:v1.33.13", then "registry.k8s.io/kube-scheduler:v1.34.4"',
    );
  });

  it.each<[string, Partial<Look>]>([
    [
      'when its etcd has joined others',
      installed('etcd', (pod) => {
        const { command } = pod.spec.containers[0];
        const index = command.findIndex((word) => word.startsWith('--initial-cluster='));
        command[index] = '--initial-cluster=node-0=https://172.30.0.10:2380,node-1=https://172.30.0.11:2380';
        command.push('--initial-cluster-state=existing');
      }),
    ],
    [
      'when its patches are in what both kubeadms render',
      {
        installed: withEdited(LOOK.installed, 'kube-apiserver', addFlag('--v=4')),
        rendered: withEdited(LOOK.rendered, 'kube-apiserver', addFlag('--v=4')),
        baseline: {
          ...BASELINE,
          manifests: withEdited(BASELINE.manifests, 'kube-apiserver', addFlag('--v=4')),
        },
      },
    ],
    [
      'when the new one renders what somebody has put there by hand',
      {
        ...installed('kube-scheduler', addFlag('--v=4')),
        rendered: withEdited(LOOK.rendered, 'kube-scheduler', addFlag('--v=4')),
      },
    ],
    [
      'when another patch version was put there by hand',
      installed('kube-scheduler', image('registry.k8s.io/kube-scheduler:v1.33.9')),
    ],
    [
      'when an argument is new, and nothing was edited since the last operation',
      {
        rendered: withEdited(LOOK.rendered, 'kube-apiserver', addFlag('--audit-log-path=/var/log/a')),
        asLeft: new Set(['kube-apiserver'] as const),
        ...installed('kube-apiserver', addFlag('--v=4')),
      },
    ],
  ])('%s', (_, change) => {
    expect(judge(change).reasons).toEqual([]);
  });
});

describe('no flip:', () => {
  const FILE = '/etc/kubernetes/manifests/kube-apiserver.yaml';
  const HAND = `${FILE}: edited by hand, or made by another configuration:`;
  it.each<[string, Partial<Look>, string]>([
    [
      'a flag by hand',
      installed('kube-apiserver', addFlag('--v=4')),
      `${HAND} --v: got "4", expected nothing of kubeadm v1.33.13`,
    ],
    [
      'a flag taken out by hand',
      installed('kube-apiserver', ({ spec }) => {
        const [container] = spec.containers;
        container.command = container.command.filter((word) => !word.startsWith('--authorization-mode'));
      }),
      `${HAND} --authorization-mode: got nothing, expected "Node,RBAC" of kubeadm v1.33.13`,
    ],
    [
      'a flag twice',
      installed('kube-apiserver', addFlag('--secure-port=443')),
      `${HAND} --secure-port: got "6443" "443", expected "6443" of kubeadm v1.33.13`,
    ],
    [
      'a proxy',
      installed('kube-apiserver', ({ spec }) => {
        spec.containers[0]['env'] = [{ name: 'HTTP_PROXY', value: 'http://user:hunter2@proxy' }];
      }),
      `${HAND} spec.containers.kube-apiserver.env.HTTP_PROXY.name: got (hidden), expected nothing of kubeadm v1.33.13; ` +
        'spec.containers.kube-apiserver.env.HTTP_PROXY.value: got (hidden), expected nothing of kubeadm v1.33.13',
    ],
    [
      'another registry',
      installed('kube-apiserver', image('registry.site/kube-apiserver:v1.33.13')),
      `${HAND} image: got "registry.site/kube-apiserver:v1.33.13", expected "registry.k8s.io/kube-apiserver:v1.33.13" of kubeadm v1.33.13`,
    ],
    [
      'an image by digest',
      installed('kube-apiserver', image(`registry.k8s.io/kube-apiserver:v1.33.13@sha256:${'a'.repeat(64)}`)),
      `${HAND} image: got`,
    ],
    [
      'many edits, of which some are told',
      installed('kube-apiserver', (pod) => [1, 2, 3, 4, 5, 6].forEach((n) => addFlag(`--x${n}=1`)(pod))),
      '--x4: got "1", expected nothing of kubeadm v1.33.13; and 2 more',
    ],
    [
      'edits that the new argument of the cluster goes along with',
      {
        rendered: withEdited(LOOK.rendered, 'kube-apiserver', addFlag('--audit-log-path=/var/log/a')),
        baseline: {
          ...BASELINE,
          manifests: withEdited(BASELINE.manifests, 'kube-apiserver', addFlag('--audit-log-path=/var/log/a')),
        },
      },
      `${HAND} --audit-log-path: got nothing, expected "/var/log/a" of kubeadm v1.33.13`,
    ],
    [
      'an old kubeadm that cannot be asked',
      { baseline: { missing: '/usr/bin/kubeadm: got v1.34.4, expected v1.33.13' } },
      "etcd.yaml: cannot tell a hand edit from kubeadm's own in --experimental-initial-corrupt-check, " +
        '--experimental-watch-progress-notify-interval, --feature-gates, --watch-progress-notify-interval, and 6 more: ' +
        '/usr/bin/kubeadm: got v1.34.4, expected v1.33.13',
    ],
    [
      'a step back of etcd, whoever wants it',
      {
        ...installed('etcd', image('registry.k8s.io/etcd:3.6.6-0')),
        asLeft: new Set(['etcd'] as const),
      },
      'etcd.yaml: image: got "registry.k8s.io/etcd:3.6.6-0", expected nothing newer than "registry.k8s.io/etcd:3.6.5-0"',
    ],
    [
      'an etcd of no version',
      { ...installed('etcd', image('registry.k8s.io/etcd:site')), asLeft: new Set(['etcd'] as const) },
      'etcd.yaml: image: got a tag that is no version',
    ],
    [
      'nothing that changes',
      { installed: LOOK.rendered },
      'the manifests are as the new kubeadm renders them: nothing to flip',
    ],
  ])('%s', (_, change, reason) => {
    const { reasons, differences } = judge(change);
    expect(reasons.join('\n')).toContain(reason);
    expect([...reasons, ...differences].join('\n')).not.toContain('hunter2');
  });

  it('and only the component that was edited is a reason', () => {
    expect(judge(installed('kube-apiserver', addFlag('--v=4'))).reasons).toHaveLength(1);
  });
});

it.each([
  ['registry.k8s.io/etcd:3.6.4-0', false],
  ['registry.site/etcd:v3.5.9', true],
])('the minor version of etcd changes from %s: %s', (from, expected) => {
  expect(judge(installed('etcd', image(from))).etcdMinorChanges).toBe(expected);
});
