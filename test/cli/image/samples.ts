// Small files that look like programs, and a machine on which they answer.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../../../src/cli/clock.ts';
import type { Workshop } from '../../../src/cli/image/contents.ts';
import type { Host } from '../../../src/steps/host/host.ts';
import { createLocalHost } from '../../../src/steps/host/local-host.ts';

export const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
const MACHINES = { amd64: 62, arm64: 183 };

/** An ELF header, and what makes each one another; `length` is what its header says, if that is not so. */
export function program(text: string, machine: 'amd64' | 'arm64' = architecture, length?: number): Buffer {
  const head = Buffer.alloc(64);
  head.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  head.writeUInt16LE(MACHINES[machine], 18);
  if (length !== undefined) {
    head.writeBigUInt64LE(BigInt(length - 64), 40);
    head.writeUInt16LE(64, 58);
    head.writeUInt16LE(1, 60);
  }
  return Buffer.concat([head, Buffer.from(text)]);
}

export async function folder(files: Readonly<Record<string, string | Buffer>> = {}): Promise<string> {
  const made = await mkdtemp(path.join(tmpdir(), 'refit-image-'));
  await write(made, files);
  return made;
}

export async function write(to: string, files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(to, name)), { recursive: true });
    await writeFile(path.join(to, name), content, { mode: 0o755 });
  }
}

export const remove = (made: string): Promise<void> => rm(made, { recursive: true, force: true });

export const KUBERNETES = {
  kubeadm: program('kubeadm'),
  kubectl: program('kubectl'),
  kubelet: program('kubelet'),
};
export const ALL = {
  ...KUBERNETES,
  containerd: program('containerd'),
  'containerd-shim-runc-v2': program('shim'),
  runc: program('runc'),
  'cni/bridge': program('bridge'),
  'cni/loopback': program('loopback'),
};

/** What programs say, by base name. */
export type Answers = Readonly<Record<string, string | undefined>>;
export const ANSWERS: Answers = {
  kubeadm: 'v1.34.4\n',
  kubectl: 'Client Version: v1.34.4\n',
  kubelet: 'Kubernetes v1.34.4\n',
  containerd: 'containerd github.com/containerd/containerd/v2 2.1.4+deb13 abc\n',
  loopback: 'CNI loopback plugin v1.8.0\n',
};

/** This machine, on which the programs of ALL seem to run. */
export function host(answers: Answers = ANSWERS): Host {
  const local = createLocalHost({ clock: systemClock(), log: () => undefined });
  return {
    ...local,
    run: async (argv, options) => {
      const stdout = answers[path.basename(argv[0])];
      return stdout === undefined ? local.run(argv, options) : { code: 0, stdout, stderr: '' };
    },
  };
}

/** `true` plays node: it is small, and this machine can load it. */
export async function workshop(project: string): Promise<Workshop> {
  await write(project, {
    'package-lock.json': JSON.stringify({
      packages: { 'node_modules/zod': { version: '4.0.0', license: 'MIT' } },
    }),
    'bundle/refit.js': 'console.log(1);\n',
    'bundle/7.index.js': 'chunk\n',
    'bundle/host/refit.js': 'console.log(2);\n',
  });
  return { host: host(), architecture, node: { file: '/bin/true', version: '24.21.0' }, project };
}
