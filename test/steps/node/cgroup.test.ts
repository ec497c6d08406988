import { describe, expect, it } from '@jest/globals';
import { cgroupFindings, type CgroupFacts } from '../../../src/steps/node/cgroup.ts';

const V1: CgroupFacts = { fileSystem: 'tmpfs', failCgroupV1: undefined, ignorePreflightErrors: [] };

describe('cgroup v1', () => {
  it.each([
    ['v1.34.9', V1],
    ['v1.35.0', { ...V1, fileSystem: 'cgroup2fs' }],
  ])('does not matter for %s with %j', (kubernetes, facts) => {
    expect(cgroupFindings(facts, kubernetes)).toEqual([]);
  });

  it.each(['v1.35.0', 'v1.35.0-rc.1', 'v1.36.2'])('is refused for %s', (kubernetes) => {
    for (const failCgroupV1 of [undefined, true]) {
      expect(cgroupFindings({ ...V1, failCgroupV1 }, kubernetes)).toEqual([
        {
          is: 'refusal',
          text:
            `/sys/fs/cgroup: got cgroup v1 (tmpfs), expected cgroup v2 for ${kubernetes}: boot with ` +
            'systemd.unified_cgroup_hierarchy=1, or set failCgroupV1: false in the kubelet configuration',
        },
      ]);
    }
  });

  it.each([['SystemVerification'], ['systemverification'], ['all']])(
    'is only noted when the kubelet takes it and kubeadm is told to ignore %s',
    (name) => {
      const facts = { ...V1, failCgroupV1: false, ignorePreflightErrors: ['Swap', name] };
      expect(cgroupFindings(facts, 'v1.35.1')).toEqual([
        {
          is: 'note',
          text: '/sys/fs/cgroup: cgroup v1 (tmpfs), which a later version will not take any more',
        },
      ]);
    },
  );

  it('is refused when the kubelet takes it and kubeadm does not', () => {
    const [found, ...more] = cgroupFindings({ ...V1, failCgroupV1: false }, 'v1.35.1');
    expect(more).toEqual([]);
    expect(found).toEqual({
      is: 'refusal',
      text: expect.stringContaining('SystemVerification is in nodeRegistration.ignorePreflightErrors'),
    });
  });
});
