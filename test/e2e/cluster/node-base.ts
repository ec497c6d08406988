// The file tree of a node before any Kubernetes: Debian with containerd and CNI plugins where image-builder puts them.
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cachedFolder, madeOnce, PACKAGES, rootFolder } from '../../host/root-folder.ts';
import { run } from './command.ts';
import { baseFiles, MOUNTS } from './node-files.ts';

const NODE_PACKAGES = [
  ...PACKAGES,
  ...[
    'udev',
    'containerd',
    'runc',
    'containernetworking-plugins',
    'iptables',
    'nftables',
    'iproute2',
    'kmod',
  ],
  ...['socat', 'conntrack', 'ebtables', 'ethtool', 'ca-certificates'],
];

export async function nodeBase(pauseImage: string): Promise<string> {
  const debian = await rootFolder(NODE_PACKAGES);
  const files = baseFiles(pauseImage);
  return madeOnce(
    cachedFolder('node-base', JSON.stringify([path.basename(debian), files])),
    async (temporary) => {
      const root = path.join(temporary, 'root');
      await run('cp', '-a', debian, root);
      moveContainerd(root);
      await run('chroot', root, 'dpkg', '--purge', ...FROM_PACKAGES);
      for (const [file, content] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
        writeFileSync(path.join(root, file), content);
      }
      for (const unit of ['containerd', 'kubelet', MOUNTS]) enable(root, unit);
    },
  );
}

/** Their files stay, as plain ones. */
const FROM_PACKAGES = ['containerd', 'runc', 'containernetworking-plugins'];

function moveContainerd(root: string): void {
  const move = (from: string, to: string, isWanted: (name: string) => boolean) => {
    mkdirSync(path.join(root, to), { recursive: true });
    for (const name of readdirSync(path.join(root, from)).filter(isWanted)) {
      cpSync(path.join(root, from, name), path.join(root, to, name));
    }
  };
  move('usr/bin', 'usr/local/bin', (name) => name.startsWith('containerd') || name === 'ctr');
  move('usr/sbin', 'usr/local/sbin', (name) => name === 'runc');
  move('usr/lib/cni', 'opt/cni/bin', () => true);
}

function enable(root: string, unit: string): void {
  const wants = path.join(root, 'etc/systemd/system/multi-user.target.wants');
  mkdirSync(wants, { recursive: true });
  const folder = unit === 'kubelet' ? '/usr/lib/systemd/system' : '/etc/systemd/system';
  const link = path.join(wants, `${unit}.service`);
  rmSync(link, { force: true });
  symlinkSync(`${folder}/${unit}.service`, link);
}
