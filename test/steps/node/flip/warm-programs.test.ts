import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { layerOf, warmProgram } from '../../../../src/steps/node/flip/warm-programs.ts';
import { createKubeadmSite, type KubeadmSite } from '../kubeadm-site.ts';
import type { TestHost } from '../host-tree.ts';
import { runStaticPod } from '../pod-processes.ts';

const LAYERS = '/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots';
const mountinfo = (options: string): string =>
  [
    '900 899 0:60 / /proc rw,nosuid - proc proc rw',
    `899 800 0:57 / / rw,relatime - overlay overlay rw,${options}`,
    '',
  ].join('\n');
const CONTAINERD = `lowerdir=58/fs:57/fs,upperdir=${LAYERS}/90/fs,workdir=${LAYERS}/90/work,uuid=on`;

let site: KubeadmSite;
let host: TestHost;
let read: string[];
beforeEach(async () => {
  site = await createKubeadmSite('control-plane');
  host = site.host;
  read = [];
  await runStaticPod(host, 'etcd', { pid: 500, secondsAgo: 60 });
});
afterEach(() => host.remove());

function warm(): Promise<void> {
  const files = { ...host.files };
  const sha256 = async (path: string) => (read.push(path), host.files.sha256(path));
  return warmProgram({ ...host, files: { ...files, sha256 } }, site.context.plan.operation, 'etcd');
}

const put = (path: string) => host.files.write(path, path, { mode: 0o755 });

it('reads the program in every layer that has it', async () => {
  await host.files.write('/proc/500/mountinfo', mountinfo(CONTAINERD), { mode: 0o444 });
  for (const name of ['57/fs/usr/local/bin/etcd', '58/fs/usr/local/bin/etcdctl', '61/fs/usr/local/bin/etcd'])
    await put(`${LAYERS}/${name}`);
  await warm();
  expect(read.sort()).toEqual([`${LAYERS}/57/fs/usr/local/bin/etcd`, `${LAYERS}/61/fs/usr/local/bin/etcd`]);
});

it('is left out, and said, where the layers are not found', async () => {
  await host.files.write('/proc/500/mountinfo', mountinfo('index=off'), { mode: 0o444 });
  await warm();
  expect(read).toEqual([]);
  expect(host.lines).toContain('etcd: its images are not found, and not read beforehand');
});

it.each([
  ['of containerd', CONTAINERD, `${LAYERS}/90/fs`],
  [
    'of CRI-O',
    'lowerdir=/s/overlay/l/A,upperdir=/s/overlay/1f/diff,workdir=/s/overlay/1f/work',
    '/s/overlay/1f/diff',
  ],
  ['a name that mountinfo escapes', 'upperdir=/a\\040b/1/fs', undefined],
])('knows the layer %s', (_, options, expected) => {
  expect(layerOf(mountinfo(options))).toBe(expected);
});

it('knows none of another file system', () => {
  expect(layerOf('899 800 0:57 / / rw - ext4 /dev/vda rw,upperdir=/x/1/fs\n')).toBeUndefined();
});
