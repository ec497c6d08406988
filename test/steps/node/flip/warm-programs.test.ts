import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { warmProgram } from '../../../../src/steps/node/flip/warm-programs.ts';
import { createKubeadmSite, type KubeadmSite } from '../kubeadm-site.ts';
import type { TestHost } from '../host-tree.ts';
import { runStaticPod } from '../pod-processes.ts';
import { CONTAINERD, LAYERS, mountinfo } from './layers.ts';

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
