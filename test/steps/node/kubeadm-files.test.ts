import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  changedByKubeadm,
  keepKubeadmFiles,
  kubeadmFiles,
  putBackMissingManifests,
  reasonsToRun,
} from '../../../src/steps/node/kubeadm-files.ts';
import { restore } from '../../../src/steps/host/undo.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { digest } from './release.ts';

const API_SERVER = '/etc/kubernetes/manifests/kube-apiserver.yaml';
const CONFIG = '/var/lib/kubelet/config.yaml';
const OPERATION = 'machine-1-1';

describe('kubeadm runs', () => {
  const plan = { hash: 'v1-b', kubernetes: 'v1.34.4', desiredSha256: 'd' };
  const record = {
    version: 1 as const,
    operation: 'machine-1-0',
    hash: 'v1-b',
    kubernetes: 'v1.34.4',
    release: 'r1',
    desiredSha256: 'd',
    kubeletExtraArgs: [],
    kubeadmFiles: { [CONFIG]: 'c', [API_SERVER]: 'a' },
    finishedAt: '2026-01-01T00:00:00.000Z',
  };
  const files = { [CONFIG]: 'c', [API_SERVER]: 'a', '/etc/kubernetes/manifests/etcd.yaml': 'e' };

  it.each<[string, Parameters<typeof reasonsToRun>, string[]]>([
    ['not when nothing is new', [plan, record, files], []],
    ['on a node without a record', [plan, undefined, files], ['no operation has ended well on this node']],
    [
      'for another version',
      [plan, { ...record, kubernetes: 'v1.33.13' }, files],
      ['from v1.33.13 to v1.34.4'],
    ],
    ['for another desired state', [plan, { ...record, hash: 'v1-a' }, files], ['another desired state']],
    ['not without a hash, by hand', [{ ...plan, hash: '' }, record, files], []],
    [
      'for another desired configuration',
      [{ ...plan, hash: '' }, { ...record, desiredSha256: 'x' }, files],
      ['another desired configuration'],
    ],
    [
      'when a manifest was changed',
      [plan, record, { ...files, [API_SERVER]: 'x' }],
      [`${API_SERVER} is not as the last operation left it`],
    ],
    [
      "when the kubelet's configuration is gone",
      [plan, record, { [API_SERVER]: 'a' }],
      [`${CONFIG} is not as the last operation left it`],
    ],
  ])('%s', (_, given, reasons) => {
    expect(reasonsToRun(...given)).toEqual(reasons);
  });
});

describe('what kubeadm writes', () => {
  let host: TestHost;
  beforeEach(async () => {
    host = await createTestHost({ role: 'control-plane' });
  });
  afterEach(() => host.remove());

  it('is known by its digests', async () => {
    expect(Object.keys(await kubeadmFiles(host))).toEqual([
      '/etc/kubernetes/manifests/etcd.yaml',
      API_SERVER,
      '/etc/kubernetes/manifests/kube-controller-manager.yaml',
      '/etc/kubernetes/manifests/kube-scheduler.yaml',
      CONFIG,
    ]);
    const content = (await host.files.read(CONFIG)) ?? '';
    expect((await kubeadmFiles(host))[CONFIG]).toBe(digest(content));
  });

  it('has not changed before it was kept', async () => {
    await host.files.write(CONFIG, 'other', { mode: 0o644 });
    expect(await changedByKubeadm(host, OPERATION)).toEqual([]);
  });

  it('has changed since it was kept the first time', async () => {
    await keepKubeadmFiles(host, OPERATION);
    expect(await changedByKubeadm(host, OPERATION)).toEqual([]);
    await host.files.write(CONFIG, 'other', { mode: 0o644 });
    await host.files.write('/var/lib/kubelet/instance-config.yaml', 'new', { mode: 0o644 });
    await keepKubeadmFiles(host, OPERATION);
    await host.files.remove(API_SERVER);
    expect(await changedByKubeadm(host, OPERATION)).toEqual([
      API_SERVER,
      CONFIG,
      '/var/lib/kubelet/instance-config.yaml',
    ]);
  });

  it('is put back with all else of the step', async () => {
    const before = await host.files.read(CONFIG);
    await keepKubeadmFiles(host, OPERATION);
    await host.files.write(CONFIG, 'other', { mode: 0o644 });
    await host.files.write('/var/lib/kubelet/instance-config.yaml', 'new', { mode: 0o644 });
    expect((await restore(host, OPERATION, 'kubeadm')).problems).toEqual([]);
    expect(await host.files.read(CONFIG)).toEqual(before);
    expect(await host.files.list('/var/lib/kubelet')).not.toContain('instance-config.yaml');
  });

  it('is put back alone where kubeadm was ended between two renames', async () => {
    const before = await host.files.read(API_SERVER);
    await keepKubeadmFiles(host, OPERATION);
    await host.files.write(CONFIG, 'other', { mode: 0o644 });
    await host.files.remove(API_SERVER);
    expect(await putBackMissingManifests(host, OPERATION)).toEqual([API_SERVER]);
    expect(await host.files.read(API_SERVER)).toEqual(before);
    expect((await host.files.read(CONFIG))?.toString()).toBe('other');
    expect(await putBackMissingManifests(host, OPERATION)).toEqual([]);
  });

  it('is not put back where it never was', async () => {
    await host.files.remove('/etc/kubernetes/manifests/etcd.yaml');
    await keepKubeadmFiles(host, OPERATION);
    expect(await putBackMissingManifests(host, OPERATION)).toEqual([]);
  });
});
