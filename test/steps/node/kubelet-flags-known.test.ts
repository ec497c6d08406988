import { describe, expect, it } from '@jest/globals';
import { removedFlags, unknownFlags } from '../../../src/steps/node/kubelet-flags.ts';

describe('removed flags', () => {
  it.each([
    ['v1.23.4', 0, []],
    ['v1.24.0', 17, ['network-plugin']],
    ['v1.27.0', 19, ['network-plugin', 'container-runtime']],
    ['v1.34.3', 23, ['iptables-drop-bit', 'cloud-config']],
    ['v1.35.0', 24, ['pod-infra-container-image']],
    ['v1.37.1', 42, ['containerd', 'pod-infra-container-image']],
  ])('of %s and before: %i', (version, count, some) => {
    expect(new Set(removedFlags(version)).size).toBe(count);
    expect(removedFlags(version)).toEqual(expect.arrayContaining(some));
  });
});

describe('unknown flags', () => {
  /** Some lines of kubelet v1.34's --help. */
  const HELP = `The kubelet is the primary "node agent" that runs on each
node. --not-a-flag

Usage:
  kubelet [flags]

Flags:
      --cgroups-per-qos                                          Enable creation of QoS cgroup hierarchy (default true)
      --config string                                            The Kubelet will load its initial configuration from this file.
      --feature-gates mapStringBool                              A set of key=value pairs. Options are:
                --wrapped=true|false (default=false)
  -h, --help                                                     help for kubelet
      --kubeconfig string                                        Path to a kubeconfig file
  -v, --v Level                                                  number for the log level verbosity
      --version version[=true]                                   --version, --version=raw prints version information and quits
`;
  it('are those that --help does not name', () => {
    const files = [
      {
        path: '/var/lib/kubelet/kubeadm-flags.env',
        text: 'KUBELET_KUBEADM_ARGS="--config=x -v 2 --gone=1 --version"',
      },
      { path: '/etc/default/kubelet', text: 'KUBELET_EXTRA_ARGS=--wrapped=true --not-a-flag -x' },
    ];
    expect(unknownFlags(files, HELP)).toEqual([
      { path: '/var/lib/kubelet/kubeadm-flags.env', name: 'gone' },
      { path: '/etc/default/kubelet', name: 'wrapped' },
      { path: '/etc/default/kubelet', name: 'not-a-flag' },
      { path: '/etc/default/kubelet', name: 'x' },
    ]);
  });

  it('cannot be told from something that is no list of flags', () => {
    expect(() => unknownFlags([], 'segmentation fault')).toThrow('kubelet --help: got no list of flags');
  });
});
