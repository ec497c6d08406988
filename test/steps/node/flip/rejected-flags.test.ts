import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { renderedFile } from '../../../../src/steps/node/flip/flip-folder.ts';
import { rejectedFlags } from '../../../../src/steps/node/flip/rejected-flags.ts';
import { STATIC_PODS, type StaticPodName } from '../../../../src/steps/node/static-pods.ts';
import type { TestHost } from '../host-tree.ts';
import { createKubeadmSite, TARGET, type KubeadmSite } from '../kubeadm-site.ts';
import { runStaticPod } from '../pod-processes.ts';
import { manifestOf } from './flip-site.ts';
import { CONTAINERD, LAYERS, mountinfo } from './layers.ts';

const PROGRAM = (layer: number, name: StaticPodName) =>
  `${LAYERS}/${layer}/fs/usr/local/bin/${name}` as const;
const VERSIONS = { etcd: ['etcd Version: 3.5.24', 'etcd Version: 3.6.8\nGit SHA: abc'] } as const;
const KUBERNETES = ['Kubernetes v1.33.13', `Kubernetes ${TARGET}`] as const;

let site: KubeadmSite;
let host: TestHost;
beforeEach(async () => {
  site = await createKubeadmSite('control-plane');
  host = site.host;
  for (const [index, name] of STATIC_PODS.entries()) {
    await host.files.write(rendered(name), manifestOf(name, 'new'), { mode: 0o600 });
    await runStaticPod(host, name, { pid: 500 + index, secondsAgo: 60 });
    await host.files.write(`/proc/${500 + index}/mountinfo`, mountinfo(CONTAINERD), { mode: 0o444 });
    const [old, young] = name === 'etcd' ? VERSIONS.etcd : KUBERNETES;
    // Layers of other images lie between them.
    for (const [layer, version] of [
      [3, old],
      [8, young],
    ] as const) {
      await host.files.write(PROGRAM(layer, name), name, { mode: 0o755 });
      host.answer([PROGRAM(layer, name)], version);
      host.answer([PROGRAM(layer, name), '--version'], version);
    }
  }
});
afterEach(() => host.remove());

const rendered = (name: StaticPodName): string => renderedFile(site.context.plan.operation, name);
const rejected = (): Promise<string[]> => rejectedFlags(host, site.context.plan.operation);
const asked = (): string[][] =>
  host.commands.filter(([program = '']) => program.startsWith(LAYERS)).map((argv) => [...argv]);

function reject(name: StaticPodName, stderr: string): void {
  host.answer([PROGRAM(8, name)], { code: 1, stderr });
  host.answer([PROGRAM(8, name), '--version'], name === 'etcd' ? VERSIONS.etcd[1] : KUBERNETES[1]);
}

it('asks each new program with all flags of its manifest, and finds nothing wrong', async () => {
  expect(await rejected()).toEqual([]);
  const apiServer = asked().filter(([program]) => program === PROGRAM(8, 'kube-apiserver'));
  expect(apiServer).toHaveLength(2);
  expect(apiServer[1]).toContain('--secure-port=6443');
  expect(apiServer[1]?.at(-1)).toBe('--version');
  expect(
    asked()
      .filter(([program]) => program?.includes('/3/'))
      .every((argv) => argv.length === 2),
  ).toBe(true);
});

it.each<[string, StaticPodName, string, string]>([
  [
    'a feature gate',
    'kube-apiserver',
    'W1128 flag deprecated\nE1128 10:59:19.1 32121 run.go:72] "command failed" err="unrecognized feature gate: Nope"\n',
    'unrecognized feature gate: Nope',
  ],
  [
    'a flag, below its usage',
    'kube-scheduler',
    'Usage:\n  kube-scheduler [flags]\n\nError: unknown flag: --nope\n',
    'unknown flag: --nope',
  ],
  [
    'a flag, above its usage',
    'etcd',
    'flag provided but not defined: -nope\nUsage:\n  etcd [flags]\n',
    'flag provided but not defined: -nope',
  ],
  ['without a word', 'etcd', '', 'exit code 1'],
])('tells what the new program rejects: %s', async (_, name, stderr, said) => {
  reject(name, stderr);
  const tag = name === 'etcd' ? '3.6.8-0' : TARGET;
  expect(await rejected()).toEqual([
    `${name} ${tag}: got ${said}, expected that it takes the flags of its new manifest (extraArgs or patches)`,
  ]);
});

it.each<[string, (manifest: string) => string]>([
  ['is started by something else', (text) => text.replace(/( *)- kube-apiserver\n/, '$1- /bin/wrapper\n$&')],
  [
    'has a value that the kubelet fills in',
    (text) => text.replace('--secure-port=6443', '--secure-port=$(PORT)'),
  ],
  ['has a tag that no program says', (text) => text.replace(`:${TARGET}`, ':v1.34.5')],
])('asks none that %s, and says so', async (_, change) => {
  reject('kube-apiserver', 'Error: unknown flag: --nope\n');
  await host.files.write(rendered('kube-apiserver'), change(manifestOf('kube-apiserver', 'new')), {
    mode: 0o600,
  });
  expect(await rejected()).toEqual([]);
  expect(host.lines).toContain(
    'kube-apiserver: the new program is not found, and not asked whether it takes its flags',
  );
});
