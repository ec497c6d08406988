import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { inspectLayout } from '../../../src/steps/node/layout.ts';
import { createTestHost, type TestHost } from './host-tree.ts';

let host: TestHost;

beforeEach(async () => {
  host = await createTestHost({ role: 'control-plane' });
});
afterEach(() => host.remove());

function unit(name: string): Record<string, string> {
  const found = host.units[name];
  if (!found) throw new Error(`no unit ${name}`);
  return found;
}

describe('the layout', () => {
  it('is read from the units of an Ubuntu control plane', async () => {
    expect(await inspectLayout(host)).toEqual({
      os: { id: 'ubuntu', like: ['debian'], version: '24.04' },
      kubelet: '/usr/bin/kubelet',
      kubeadm: '/usr/bin/kubeadm',
      kubectl: '/usr/bin/kubectl',
      containerd: '/usr/local/bin/containerd',
      cniFolder: '/opt/cni/bin',
      kubeletFlagFiles: [
        '/var/lib/kubelet/kubeadm-flags.env',
        '/etc/default/kubelet',
        '/lib/systemd/system/kubelet.service',
        '/lib/systemd/system/kubelet.service.d/10-kubeadm.conf',
      ],
      kubeletUnitFiles: [
        '/lib/systemd/system/kubelet.service',
        '/lib/systemd/system/kubelet.service.d/10-kubeadm.conf',
      ],
      role: 'control-plane',
    });
  });

  it('is read from those of a Debian worker, which may have no kubectl', async () => {
    const worker = await createTestHost({ role: 'worker', os: 'debian' });
    await worker.files.remove('/usr/bin/kubectl');
    await worker.files.remove('/etc/default/kubelet');
    const layout = await inspectLayout(worker);
    expect(layout).toMatchObject({ os: { id: 'debian', version: '12' }, kubectl: undefined, role: 'worker' });
    expect(layout.kubeletFlagFiles).not.toContain('/etc/default/kubelet');
    await worker.remove();
  });

  it.each(['/etc/kubernetes/manifests/kube-apiserver.yaml', '/etc/kubernetes/pki/apiserver.crt'])(
    'is still that of a control plane while %s is being replaced',
    async (path) => {
      await host.files.remove(path);
      expect((await inspectLayout(host)).role).toBe('control-plane');
    },
  );

  it('has programs where ExecStart says, behind links, and the others beside them or on PATH', async () => {
    await host.files.copy('/usr/bin/kubelet', '/opt/bin/v1/kubelet', { mode: 0o755 });
    await symlink('/opt/bin/v1/kubelet', join(host.root, 'opt/bin/kubelet'));
    await host.files.copy('/usr/bin/kubeadm', '/opt/bin/v1/kubeadm', { mode: 0o755 });
    unit('kubelet')['ExecStart'] = unit('kubelet')['ExecStart']?.replaceAll('/usr/bin/', '/opt/bin/') ?? '';
    const { kubelet, kubeadm, kubectl } = await inspectLayout(host);
    expect([kubelet, kubeadm, kubectl]).toEqual([
      '/opt/bin/v1/kubelet',
      '/opt/bin/v1/kubeadm',
      '/usr/bin/kubectl',
    ]);
  });

  it.each<[string, () => Promise<void> | void, string]>([
    [
      'no unit',
      () => void (unit('kubelet')['LoadState'] = 'not-found'),
      'kubelet: got no program in ExecStart of kubelet.service, expected the program',
    ],
    [
      'a wrapper',
      () => void (unit('kubelet')['ExecStart'] = '{ path=/bin/sh ; argv[]=/bin/sh -c kubelet ; }'),
      'kubelet: got /bin/sh in ExecStart of kubelet.service, expected the program',
    ],
    [
      'no file',
      () => host.files.remove('/usr/bin/kubelet'),
      'kubelet: got no file /usr/bin/kubelet, which ExecStart names, expected the program',
    ],
    [
      'no kubeadm',
      () => host.files.remove('/usr/bin/kubeadm'),
      'kubeadm: got none in /usr/bin, /usr/local/sbin, /usr/local/bin, /usr/sbin, /sbin, /bin, expected the program',
    ],
    [
      'a silent systemd',
      () => host.answer(['systemctl', 'show'], { code: 1, stderr: 'Failed to connect to bus\n' }),
      'systemctl show kubelet.service: got exit code 1: Failed to connect to bus',
    ],
  ])('is refused with %s', async (_, change, message) => {
    await change();
    await expect(inspectLayout(host)).rejects.toMatchObject({ reason: 'Failed', message });
  });
});

describe('the container runtime', () => {
  it('is not containerd when the kubelet uses another one', async () => {
    const flags = 'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///var/run/crio/crio.sock"\n';
    await host.files.write('/var/lib/kubelet/kubeadm-flags.env', flags, { mode: 0o644 });
    expect(await inspectLayout(host)).toMatchObject({ containerd: undefined, cniFolder: '/opt/cni/bin' });
  });

  it('is not containerd when the kubelet configuration names another one', async () => {
    await host.files.write('/var/lib/kubelet/kubeadm-flags.env', 'KUBELET_KUBEADM_ARGS=""\n', {
      mode: 0o644,
    });
    const text = 'containerRuntimeEndpoint: unix:///var/run/crio/crio.sock\n';
    await host.files.write('/var/lib/kubelet/config.yaml', text, { mode: 0o644 });
    expect((await inspectLayout(host)).containerd).toBeUndefined();
  });

  it('is asked for the folder of the CNI plugins, with the configuration that its unit names', async () => {
    unit('containerd')['ExecStart'] =
      '{ path=/usr/local/bin/containerd ; argv[]=/usr/local/bin/containerd -c /etc/c.toml --log-level info ; }';
    host.answer(
      ['/usr/local/bin/containerd', '--config', '/etc/c.toml', 'config', 'dump'],
      "[plugins.'io.containerd.cri.v1.runtime'.cni]\n  bin_dir = ''\n  bin_dirs = ['/opt/agent', '/opt/net']\n",
    );
    await host.files.write('/opt/agent/agent-cni', '', { mode: 0o755 });
    await host.files.write('/opt/net/loopback', '', { mode: 0o755 });
    await rm(join(host.root, 'opt/cni'), { recursive: true });
    expect((await inspectLayout(host)).cniFolder).toBe('/opt/net');
  });

  it('is named when it does not take its own configuration', async () => {
    host.answer(['/usr/local/bin/containerd', 'config', 'dump'], { code: 1, stderr: 'invalid toml\n' });
    await expect(inspectLayout(host)).rejects.toMatchObject({
      reason: 'Failed',
      message: '/usr/local/bin/containerd config dump: got exit code 1: invalid toml',
    });
  });
});
