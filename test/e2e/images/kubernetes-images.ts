import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { program, tool } from '../../tools/build.ts';
import { recipe } from '../../tools/catalog.ts';
import { type Contents, imageRecipe, type ImageRecipe, localProgram } from './image-recipe.ts';
import { systemPrograms } from './system-programs.ts';

/** Name of a program in its image -> tool. */
const MINORS = {
  '1.33': { suffix: '-1.33', etcd: { etcd: 'etcd-3.5', etcdutl: 'etcdutl-3.5' } },
  '1.34': { suffix: '', etcd: { etcd: 'etcd', etcdctl: 'etcdctl', etcdutl: 'etcdutl' } },
} as const;

export type KubernetesMinor = keyof typeof MINORS;

const PREFIX = 'registry.k8s.io/';
const pauseSources = fileURLToPath(new URL('programs/pause', import.meta.url));

/** Those that kubeadm of the minor asks for. */
export async function kubernetesImages(minor: KubernetesMinor): Promise<ImageRecipe[]> {
  const kubeadm = `kubeadm${MINORS[minor].suffix}`;
  const list = ['config', 'images', 'list', '--kubernetes-version', recipe(kubeadm).version];
  const { stdout } = await promisify(execFile)(await tool(kubeadm), list);
  const images: ImageRecipe[] = [];
  for (const { name, tag } of imageNames(stdout)) {
    images.push(imageRecipe(name, tag, await contentsOf(name, minor)));
  }
  return images;
}

/** Lines like registry.k8s.io/coredns/coredns:v1.12.1. */
export function imageNames(list: string): { name: string; tag: string }[] {
  return list.split('\n').flatMap((line) => {
    const [, name, tag] = /^(\S+):([^:/\s]+)$/.exec(line.trim()) ?? [];
    return name === undefined || tag === undefined ? [] : [{ name, tag }];
  });
}

async function contentsOf(name: string, minor: KubernetesMinor): Promise<Contents> {
  const { suffix, etcd } = MINORS[minor];
  const component = name.replace(PREFIX, '');
  switch (component) {
    case 'kube-apiserver':
    case 'kube-controller-manager':
    case 'kube-scheduler':
      return { programs: await localPrograms({ [component]: `${component}${suffix}` }) };
    case 'kube-proxy': {
      const proxy = await localPrograms({ [component]: `${component}${suffix}` });
      const { programs, libraries } = await systemPrograms({ nft: 'nftables', conntrack: 'conntrack' });
      return { programs: { ...proxy, ...programs }, libraries };
    }
    case 'etcd':
      return { programs: await localPrograms(etcd) };
    case 'coredns/coredns':
      return { programs: { '/coredns': await tool('coredns') } };
    case 'pause':
      return { programs: { '/pause': await program(pauseSources) } };
    default:
      throw new Error(`kubeadm ${minor} asks for ${name}, which is not made here`);
  }
}

async function localPrograms(tools: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const programs: [string, string][] = [];
  for (const [name, of] of Object.entries(tools)) programs.push(localProgram(name, await tool(of)));
  return Object.fromEntries(programs);
}
