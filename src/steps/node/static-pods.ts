// The control plane's static pods, as their manifests on this node say: images, flags, volumes.
import { parse } from 'yaml';
import { z } from 'zod';
import { StatusError } from '../../api/errors.ts';
import type { Host } from '../host/host.ts';
import { sha256Of } from '../host/sha256.ts';
import { urlHost } from '../host/url-host.ts';
import { parseImage } from './image-names.ts';

export const MANIFESTS_FOLDER = '/etc/kubernetes/manifests';

/** In the order in which kubeadm upgrades them. */
export const STATIC_PODS = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;
export type StaticPodName = (typeof STATIC_PODS)[number];
/** Not kubeadm's: in front of several control planes. */
export const KUBE_VIP = 'kube-vip';
export type PodName = StaticPodName | typeof KUBE_VIP;

export interface StaticPod {
  image: string;
  /** undefined: the image has none (only a digest, or nothing). */
  tag: string | undefined;
  /** Program and arguments, as they stand there. */
  command: readonly string[];
  /** Without the dashes; the last one of those given twice; `true` for those without a value. */
  flags: ReadonlyMap<string, string>;
  /** Those given as text. They may hold secrets: never shown. */
  environment: Readonly<Record<string, string>>;
  /** Of all volumes, sorted. */
  hostPaths: readonly string[];
  /** Of the manifest, as it lies there. */
  sha256: string;
}

export const manifestFile = (name: PodName): string => `${MANIFESTS_FOLDER}/${name}.yaml`;

export const DEFAULT_SECURE_PORT = '6443';

const podSchema = z.object({
  kind: z.literal('Pod'),
  spec: z.object({
    containers: z
      .array(
        z.object({
          name: z.string(),
          image: z.string(),
          command: z.array(z.string()).default([]),
          args: z.array(z.string()).default([]),
          env: z.array(z.object({ name: z.string(), value: z.string().optional() })).default([]),
        }),
      )
      .min(1),
    volumes: z.array(z.object({ hostPath: z.object({ path: z.string() }).optional() })).default([]),
  }),
});

/** undefined: no such manifest on this node. Errors: StatusError Failed when it is no pod. */
export async function readStaticPod(host: Host, name: PodName): Promise<StaticPod | undefined> {
  const content = await host.files.read(manifestFile(name));
  return content && parseStaticPod(content, name);
}

/** Where the API server of this node listens; undefined on workers. Errors: StatusError Failed. */
export async function localApiServer(host: Host): Promise<string | undefined> {
  const pod = await readStaticPod(host, 'kube-apiserver');
  return pod && apiServerUrl(pod);
}

/** Errors: Failed naming the manifest; never what is in it, which may be a secret. */
export function parseStaticPod(content: Uint8Array, name: PodName): StaticPod {
  const pod = podSchema.safeParse(yaml(content, manifestFile(name)));
  if (!pod.success) {
    const [issue] = pod.error.issues;
    throw notAPod(manifestFile(name), `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
  }
  const { containers, volumes } = pod.data.spec;
  // A patch may have put containers beside it.
  const container = containers.find((candidate) => candidate.name === name);
  if (!container) throw notAPod(manifestFile(name), `no container ${name}`);
  const command = [...container.command, ...container.args];
  return {
    image: container.image,
    tag: parseImage(container.image).tag,
    command,
    flags: readFlags(command),
    environment: Object.fromEntries(
      container.env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
    ),
    hostPaths: volumes.flatMap(({ hostPath }) => hostPath?.path ?? []).sort(),
    sha256: sha256Of(content),
  };
}

/** At the address that its certificate is made for: not loopback. */
export function apiServerUrl({ flags }: StaticPod): string {
  const address = flags.get('advertise-address');
  if (address === undefined) {
    throw notAPod(manifestFile('kube-apiserver'), 'got no --advertise-address, expected what kubeadm writes');
  }
  const port = flags.get('secure-port') ?? DEFAULT_SECURE_PORT;
  return `https://${urlHost(address)}:${port}`;
}

function readFlags(words: readonly string[]): ReadonlyMap<string, string> {
  const flags = words.flatMap((word): [string, string][] => {
    const [, name, value = 'true'] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? [];
    return name === undefined ? [] : [[name, value]];
  });
  return new Map(flags);
}

function yaml(content: Uint8Array, file: string): unknown {
  try {
    return parse(Buffer.from(content).toString());
  } catch {
    throw notAPod(file, 'no valid yaml');
  }
}

function notAPod(file: string, why: string): StatusError {
  return new StatusError(`${file}: not a static pod of kubeadm: ${why}`, { reason: 'Failed' });
}
