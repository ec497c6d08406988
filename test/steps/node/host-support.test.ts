import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Components } from '../../../src/api/components.ts';
import {
  componentFindings,
  hostFindings,
  inspectHost,
  type HostFacts,
} from '../../../src/steps/node/host-support.ts';
import { mountOf, parseMounts } from '../../../src/steps/node/mounts.ts';
import { createTestHost, type TestHost } from './host-tree.ts';

const SUPPORTED: HostFacts = {
  os: { id: 'ubuntu', like: ['debian'], version: '24.04' },
  hasSystemd: true,
  hasDpkg: true,
  isOstree: false,
  isSelinuxEnforcing: false,
  readOnly: [],
};

describe('what the host is', () => {
  it.each<[string, Partial<HostFacts>]>([
    ['Ubuntu', {}],
    ['Debian', { os: { id: 'debian', like: [], version: '12' } }],
    ['made of Debian', { os: { id: 'raspbian', like: ['debian'], version: '12' } }],
  ])('is fine when it is %s', (_, facts) => {
    expect(hostFindings({ ...SUPPORTED, ...facts }, 'refuse')).toEqual([]);
  });

  it.each<[string, Partial<HostFacts>, string]>([
    [
      'rpm',
      { os: { id: 'rocky', like: ['rhel'], version: '9.4' } },
      'operating system: got rocky 9.4, expected Debian or Ubuntu',
    ],
    [
      'nothing known',
      { os: { id: '', like: [], version: '' } },
      'operating system: got no ID, expected Debian or Ubuntu',
    ],
    ['no systemd', { hasSystemd: false }, 'init: got no /run/systemd/system, expected systemd'],
    [
      'no dpkg',
      { hasDpkg: false },
      'packages: got no /usr/bin/dpkg-query, expected a host with dpkg (no rpm)',
    ],
    ['ostree', { isOstree: true }, '/usr: got an image by ostree, expected one that can be changed'],
    [
      'SELinux',
      { isSelinuxEnforcing: true },
      'SELinux: got enforcing, expected off or permissive: new programs get no label',
    ],
  ])('is refused with %s, and only noted when the policy says so', (_, facts, text) => {
    const all = { ...SUPPORTED, ...facts };
    expect(hostFindings(all, 'refuse')).toEqual([
      { is: 'refusal', text: `${text}; to go on untested set policy untestedHosts to allow` },
    ]);
    expect(hostFindings(all, 'allow')).toEqual([
      { is: 'note', text: `${text}; goes on, as policy untestedHosts allows it` },
    ]);
  });

  it.each(['refuse', 'allow'] as const)('is refused read-only, with policy %s too', (policy) => {
    const text = '/usr: got a file system mounted read-only, expected one where programs can be replaced';
    expect(hostFindings({ ...SUPPORTED, readOnly: ['/usr'] }, policy)).toEqual([{ is: 'refusal', text }]);
  });
});

describe('facts of a host', () => {
  let host: TestHost;
  beforeEach(async () => {
    host = await createTestHost({ role: 'worker' });
  });
  afterEach(() => host.remove());

  const write = (path: string, content: string): Promise<void> =>
    host.files.write(path, content, { mode: 0o644 });

  it('are those of an image by image-builder', async () => {
    expect(await inspectHost(host, ['/usr/bin/kubelet', '/usr/local/bin/containerd'])).toEqual(SUPPORTED);
  });

  it('are those of a host that is nothing of it', async () => {
    await host.files.remove('/run/systemd/system');
    await host.files.remove('/usr/bin/dpkg-query');
    await write('/run/ostree-booted', '');
    await write('/sys/fs/selinux/enforce', '1');
    await write('/proc/self/mounts', '/dev/sda1 / ext4 rw 0 0\n/dev/sda2 /opt/bin ext4 nodev,ro 0 0\n');
    expect(await inspectHost(host, ['/opt/bin/kubelet', '/opt/bin/kubeadm', '/usr/bin/kubectl'])).toEqual({
      ...SUPPORTED,
      hasSystemd: false,
      hasDpkg: false,
      isOstree: true,
      isSelinuxEnforcing: true,
      readOnly: ['/opt/bin'],
    });
  });

  it('tell permissive from enforcing', async () => {
    await write('/sys/fs/selinux/enforce', '0\n');
    expect((await inspectHost(host, [])).isSelinuxEnforcing).toBe(false);
  });
});

describe('the mount of a path', () => {
  const mounts = parseMounts(
    [
      'overlay / overlay rw,relatime 0 0',
      '/dev/sda2 /usr ext4 ro,relatime 0 0',
      '/dev/sda3 /var\\040lib xfs rw 0 0',
      '/dev/sda4 /usr/local ext4 rw 0 0',
      '/dev/sda5 /usr/local ext4 ro 0 0',
    ].join('\n'),
  );

  it.each([
    ['/etc', '/', false],
    ['/usr', '/usr', true],
    ['/usr/bin', '/usr', true],
    ['/usrlocal', '/', false],
    ['/var lib/x', '/var lib', false],
    ['/usr/local/bin', '/usr/local', true],
  ])('%s is %s', (path, point, isReadOnly) => {
    expect(mountOf(mounts, path)).toMatchObject({ point, isReadOnly });
  });
});

describe('components', () => {
  const plan = { kubernetes: 'v1.34.3', release: 'r1' };
  const components: Components = {
    version: 1,
    architecture: 'amd64',
    kubernetes: 'v1.34.3',
    files: [{ component: 'kubernetes', name: 'kubelet', size: 1, sha256: 'a'.repeat(64) }],
  };

  it.each<[Components['architecture'], string]>([
    ['amd64', 'x86_64'],
    ['arm64', 'aarch64'],
  ])('for %s fit %s', (architecture, machine) => {
    expect(componentFindings({ ...components, architecture }, machine, plan)).toEqual([]);
  });

  it('for another architecture and version are refused for both', () => {
    const other = { ...components, kubernetes: 'v1.34.4' };
    expect(componentFindings(other, 'aarch64', plan).map(({ text }) => text)).toEqual([
      'architecture: got components for amd64, expected arm64: take another upgrader image for release r1',
      'components: got Kubernetes v1.34.4, expected v1.34.3: take another upgrader image for release r1',
    ]);
  });

  it('are refused on an architecture that nobody builds for', () => {
    expect(componentFindings(components, 'riscv64', plan)).toHaveLength(1);
  });
});
