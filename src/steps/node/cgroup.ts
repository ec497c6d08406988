// From 1.35 on neither the kubelet nor kubeadm accept cgroup v1 unless they are told to.
import semver from 'semver';
import { StatusError } from '../../api/errors.ts';
import { parseVersion } from '../../api/version.ts';
import type { Host } from '../host/host.ts';
import { note, refusal, type Finding } from './findings.ts';

/** Type of the file system at /sys/fs/cgroup, as stat names it: cgroup2fs, or tmpfs for v1. Errors: StatusError Failed. */
export async function inspectCgroup(host: Host): Promise<string> {
  const { code, stdout, stderr } = await host.run(['stat', '-f', '-c', '%T', '/sys/fs/cgroup']);
  if (code === 0) return stdout.trim();
  throw new StatusError(`stat -f /sys/fs/cgroup: got exit code ${code}: ${stderr.trim()}`, {
    reason: 'Failed',
  });
}

export interface CgroupFacts {
  fileSystem: string;
  /** Of the kubelet's configuration. */
  failCgroupV1: boolean | undefined;
  ignorePreflightErrors: readonly string[];
}

export function cgroupFindings(facts: CgroupFacts, kubernetes: string): readonly Finding[] {
  const isLate = semver.gte(parseVersion(kubernetes, 'kubernetes'), '1.35.0-0');
  if (!isLate || facts.fileSystem === 'cgroup2fs') return [];
  if (facts.failCgroupV1 !== false) {
    return [
      refusal(
        `/sys/fs/cgroup: got cgroup v1 (${facts.fileSystem}), expected cgroup v2 for ${kubernetes}: boot with ` +
          'systemd.unified_cgroup_hierarchy=1, or set failCgroupV1: false in the kubelet configuration',
      ),
    ];
  }
  const ignored = facts.ignorePreflightErrors.map((name) => name.toLowerCase());
  if (ignored.includes('systemverification') || ignored.includes('all')) {
    return [
      note(`/sys/fs/cgroup: cgroup v1 (${facts.fileSystem}), which a later version will not take any more`),
    ];
  }
  return [
    refusal(
      `/sys/fs/cgroup: got cgroup v1 (${facts.fileSystem}), which kubeadm ${kubernetes} takes only when ` +
        'SystemVerification is in nodeRegistration.ignorePreflightErrors: add it, or boot with cgroup v2',
    ),
  ];
}
