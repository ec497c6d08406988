// File trees of nodes with images in them. What is in containerd's store and never changes is kept beside the tree, and
// shared by all copies, where the file system can: that spares time, disk and memory.
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { copyRoot } from '../../host/machine.ts';
import { boot, powerOff, runIn } from '../../host/nspawn.ts';
import type { E2eImage } from '../images/images.ts';
import { run } from './command.ts';
import { NODE_OPTIONS } from './node.ts';

const ROOT = 'root';
const SHARED = 'shared';
const STORE = 'var/lib/containerd';
const IMMUTABLE = ['io.containerd.content.v1.content', 'io.containerd.snapshotter.v1.overlayfs/snapshots'];

/** From a folder that `addImages` has filled. */
export async function copyNodeTree(folder: string, root: string, hostname: string): Promise<void> {
  mkdirSync(path.dirname(root), { recursive: true });
  await copyRoot(path.join(folder, ROOT), root, hostname);
  for (const one of IMMUTABLE) {
    const [from, to] = [path.join(folder, SHARED, one), path.join(root, STORE, one)];
    const link = run('cp', '-a', '--link', from, to);
    await link.catch(() => run('cp', '-a', '--reflink=auto', from, to));
  }
}

/** `lay` makes the tree as far as it goes without them. Errors: which one is not accepted, and why. */
export async function addImages(
  folder: string,
  lay: (root: string) => Promise<void>,
  images: readonly E2eImage[],
): Promise<void> {
  const root = path.join(folder, ROOT);
  await lay(root);
  await importAll(folder, root, images);
  for (const left of ['etc/machine-id', 'var/log/journal', 'archives']) {
    rmSync(path.join(root, left), { recursive: true, force: true });
  }
  for (const one of IMMUTABLE) {
    mkdirSync(path.dirname(path.join(folder, SHARED, one)), { recursive: true });
    renameSync(path.join(root, STORE, one), path.join(folder, SHARED, one));
  }
}

/** By the containerd of the node itself. */
async function importAll(folder: string, root: string, images: readonly E2eImage[]): Promise<void> {
  const binds = images.map(({ archive }, index) => `--bind-ro=${archive}:/archives/${index}.tar`);
  const options = ['--private-network', ...NODE_OPTIONS, ...binds];
  const booted = await boot({ name: 'import', root, console: path.join(folder, 'console.log'), options });
  const inside = (...argv: string[]): string => {
    const { code, stdout, stderr } = runIn(booted.leader, argv);
    if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr.slice(-1000)}`);
    return stdout;
  };
  try {
    const ctr = ['ctr', '-n', 'k8s.io', 'images'];
    for (const index of images.keys()) inside(...ctr, 'import', `/archives/${index}.tar`);
    const names = new Set(inside(...ctr, 'ls', '-q').split('\n'));
    const missing = images.map(({ name, digest }) => `${name}@${digest}`).filter((one) => !names.has(one));
    if (missing.length > 0) throw new Error(`imported images: got no ${missing.join(', ')}, expected all`);
    inside('systemctl', 'stop', 'containerd');
    inside('sync');
  } finally {
    await powerOff(booted);
  }
}
