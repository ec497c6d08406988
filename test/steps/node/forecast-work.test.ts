import { expect, it } from '@jest/globals';
import type { ControlPlaneMethod } from '../../../src/api/host-plan.ts';
import { forecast } from '../../../src/steps/node/forecast-work.ts';
import type { Action, NodeStep } from '../../../src/steps/node/node-step.ts';

const FLAG_FILES = ['/opt/flags.env'];
const run: Action = { do: 'run', argv: ['true'] };
const write = (path: string): Action => {
  return { do: 'write', path, content: Buffer.from('x'), mode: 0o644, change: { what: path } };
};
const remove = (path: string): Action => ({ do: 'remove', path, change: { what: path } });
type Steps = [NodeStep['name'], readonly Action[]][];
const of = (steps: Steps, method?: ControlPlaneMethod) =>
  forecast(
    steps.map(([name, actions]) => ({ name, actions })),
    FLAG_FILES,
    method,
  );

it.each<[string, Steps]>([
  ['no steps', []],
  [
    'steps that find nothing to do',
    [
      ['kubeadm', []],
      ['kubelet', []],
    ],
  ],
])('%s are no work', (_, steps) => {
  expect(of(steps)).toEqual({ work: false, drain: 'false', drainFirst: false });
});

it.each<[string, Steps]>([
  ['CNI plugins', [['cni', [run]]]],
  ['a file that no service reads', [['configure', [write('/etc/sysctl.d/90-x.conf'), run]]]],
  ['a file beside the manifests', [['configure', [write('/etc/kubernetes/audit.yaml')]]]],
  ['a new certificate', [['configure', [{ do: 'work', what: 'certificate', perform: async () => {} }]]]],
])('%s disturb no pod', (_, steps) => {
  expect(of(steps)).toEqual({ work: true, drain: 'false', drainFirst: false });
});

it.each<[string, Steps]>([
  ['containerd', [['containerd', [run]]]],
  ['kubeadm', [['kubeadm', [run]]]],
  ['kubelet', [['kubelet', [run]]]],
  ['a restart of containerd', [['configure', [{ do: 'run', argv: ['systemctl', 'restart', 'containerd'] }]]]],
  ...[
    '/etc/containerd/config.toml',
    '/etc/containerd/certs.d/x/hosts.toml',
    '/etc/kubernetes/manifests/kube-vip.yaml',
    '/etc/systemd/system/kubelet.service.d/20-new.conf',
    '/etc/systemd/system/kubelet.service',
    '/etc/default/kubelet',
    '/var/lib/kubelet/kubeadm-flags.env',
    '/opt/flags.env',
  ].flatMap((path): [string, Steps][] => [
    [
      `writing ${path}`,
      [
        ['cni', [run]],
        ['configure', [write('/etc/motd'), write(path)]],
      ],
    ],
    [`removing ${path}`, [['configure', [remove(path)]]]],
  ]),
])('%s disturbs pods', (_, steps) => {
  expect(of(steps)).toMatchObject({ work: true, drain: 'true' });
});

it('containerd alone must find the node drained before kubeadm runs', () => {
  expect(
    of([
      ['containerd', [run]],
      ['kubeadm', [run]],
    ]).drainFirst,
  ).toBe(true);
  expect(
    of([
      ['containerd', []],
      ['cni', [run]],
      ['kubeadm', [run]],
      ['kubelet', [run]],
    ]).drainFirst,
  ).toBe(false);
});

it.each<[string, Steps, string]>([
  ['kubeadm alone', [['kubeadm', [run]]], 'unless-flipped'],
  [
    'kubeadm and the kubelet',
    [
      ['kubeadm', [run]],
      ['kubelet', [run]],
      ['configure', [write('/etc/motd')]],
    ],
    'unless-flipped',
  ],
  [
    'also a flag of the kubelet',
    [
      ['kubeadm', [run]],
      ['configure', [write('/etc/default/kubelet')]],
    ],
    'true',
  ],
  ['the kubelet alone', [['kubelet', [run]]], 'true'],
  ['nothing', [['kubeadm', []]], 'false'],
])('where the control plane is to be flipped, %s', (_, steps, drain) => {
  for (const method of ['flip', 'auto'] as const) expect(of(steps, method).drain).toBe(drain);
});
