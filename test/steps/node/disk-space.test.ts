import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  inspectSpace,
  spaceFindings,
  spaceNeeds,
  type FileSystemSpace,
} from '../../../src/steps/node/disk-space.ts';
import { createTestHost, type TestHost } from './host-tree.ts';
import { contextFor, writeRelease } from './release.ts';

const GIB = 2 ** 30;

describe('a file system', () => {
  const space: FileSystemSpace = {
    mountPoint: '/var',
    freeBytes: 3 * GIB,
    freeInodes: 10_000,
    needs: [
      { path: '/var/lib/refit', bytes: GIB, purpose: 'staged components' },
      { path: '/var/lib/containerd', bytes: 2 * GIB, purpose: 'images' },
      { path: '/var/none', bytes: 0, purpose: 'nothing' },
    ],
  };

  it('with just enough room is fine', () => {
    expect(spaceFindings([space])).toEqual([]);
  });

  it('is refused when all needs together do not fit, with each of them', () => {
    expect(spaceFindings([{ ...space, freeBytes: 3 * GIB - 1 }])).toEqual([
      {
        is: 'refusal',
        text:
          'file system /var: got 3.00 GiB free, expected 3.00 GiB (1.00 GiB in /var/lib/refit for staged components, ' +
          '2.00 GiB in /var/lib/containerd for images): make room',
      },
    ]);
  });

  it('is refused with too few inodes', () => {
    expect(spaceFindings([{ ...space, freeInodes: 9_999 }])).toEqual([
      { is: 'refusal', text: 'file system /var: got 9999 free inodes, expected 10000: remove files' },
    ]);
  });
});

describe('needs', () => {
  let host: TestHost;
  beforeEach(async () => {
    host = await createTestHost({ role: 'control-plane' });
  });
  afterEach(() => host.remove());

  it("of a control plane are components, images, kubeadm's copy of etcd and its snapshot", async () => {
    await host.files.write('/var/lib/etcd/member/snap/db', Buffer.alloc(1000), { mode: 0o600 });
    await host.files.write('/var/lib/etcd/member/wal/0.wal', Buffer.alloc(3000), { mode: 0o600 });
    const components = await writeRelease(host, '/new', { kubernetes: 'v1.34.3' });
    const bytes = components.files.reduce((sum, { size }) => sum + size, 0);
    expect(await spaceNeeds(host, contextFor(components), '/data/containerd')).toEqual([
      { path: '/var/lib/refit/stage/r1', bytes: Math.ceil(bytes * 1.1), purpose: 'staged components' },
      { path: '/data/containerd', bytes: 2 * GIB, purpose: 'images' },
      { path: '/etc/kubernetes/tmp', bytes: 6000, purpose: "kubeadm's copy of etcd" },
      { path: '/var/lib/refit/backup/machine-1-1', bytes: 1000, purpose: 'the etcd snapshot' },
    ]);
  });

  it('of a worker that has staged everything are none', async () => {
    for (const path of await host.files.list('/etc/kubernetes/manifests')) {
      await host.files.remove(`/etc/kubernetes/manifests/${path}`);
    }
    const components = await writeRelease(host, '/var/lib/refit/stage/r1', { kubernetes: 'v1.34.3' });
    expect(await spaceNeeds(host, contextFor({ ...components, folder: '/new' }), undefined)).toEqual([
      { path: '/var/lib/refit/stage/r1', bytes: 0, purpose: 'staged components' },
    ]);
  });

  it('fall together where their paths are on one file system, made already or not', async () => {
    const mounts = '/dev/a / ext4 rw 0 0\n/dev/b /var/lib ext4 rw 0 0\n';
    await host.files.write('/proc/self/mounts', mounts, { mode: 0o444 });
    host.files.spaces.set('/var/lib', { freeBytes: 7, freeInodes: 8 });
    host.files.spaces.set('/etc', { freeBytes: 5, freeInodes: 6 });
    const need = (path: string) => ({ path, bytes: 1, purpose: 'x' });
    const needs = ['/var/lib/refit/stage/r1', '/etc/kubernetes/tmp', '/var/lib/containerd'].map(need);
    expect(await inspectSpace(host, needs)).toEqual([
      { mountPoint: '/var/lib', freeBytes: 7, freeInodes: 8, needs: [needs[0], needs[2]] },
      { mountPoint: '/', freeBytes: 5, freeInodes: 6, needs: [needs[1]] },
    ]);
  });
});
