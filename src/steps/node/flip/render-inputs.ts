// What kubeadm renders the manifests of this node by: read from the node, and from what the Machine asks for.
import { StatusError } from '../../../api/errors.ts';
import type { Host } from '../../host/host.ts';
import { runtimeEndpoint, type HostLayout } from '../layout.ts';
import type { StepContext } from '../node-step.ts';
import { manifestFile, parseStaticPod, STATIC_PODS, type StaticPodName } from '../static-pods.ts';
import { parseCluster, type InitConfiguration } from './init-configuration.ts';
import type { Manifests } from './render-manifests.ts';

const DEFAULT_SOCKET = 'unix:///var/run/containerd/containerd.sock';

/** As they lie in the manifests folder. Errors: StatusError Failed naming the one that is not there. */
export async function installedManifests(host: Host): Promise<Manifests> {
  const found = new Map<StaticPodName, Buffer>();
  for (const name of STATIC_PODS) {
    const content = await host.files.read(manifestFile(name));
    if (content === undefined) {
      const why = name === 'etcd' ? ': an etcd elsewhere is not flipped' : '';
      throw failed(`${manifestFile(name)}: got no file, expected a static pod of kubeadm${why}`);
    }
    found.set(name, content);
  }
  return found;
}

/** All but the version. Errors: StatusError Failed naming what is missing. */
export async function renderInputs(
  host: Host,
  { plan, desired }: StepContext,
  installed: Manifests,
  layout: HostLayout,
): Promise<Omit<InitConfiguration, 'kubernetes' | 'patchesDirectory'>> {
  const clusterConfiguration = desired?.clusterConfiguration;
  if (clusterConfiguration === undefined) {
    throw failed('kubeadm-config: got no ClusterConfiguration, expected one to render manifests by');
  }
  const { etcd } = parseCluster(clusterConfiguration);
  if (typeof etcd === 'object' && etcd !== null && 'external' in etcd) {
    throw failed('kubeadm-config: etcd: got external, expected local: an etcd elsewhere is not flipped');
  }
  const own = desired?.files.find(({ path }) => STATIC_PODS.some((name) => manifestFile(name) === path));
  if (own) throw failed(`file ${own.path}: the Machine's own, expected what kubeadm renders`);
  const { flags } = parseStaticPod(installed.get('kube-apiserver') ?? Buffer.of(), 'kube-apiserver');
  const advertiseAddress = flags.get('advertise-address');
  const bindPort = Number(flags.get('secure-port') ?? 6443);
  if (advertiseAddress === undefined || !Number.isInteger(bindPort)) {
    throw failed(`${manifestFile('kube-apiserver')}: got no address and port, expected what kubeadm writes`);
  }
  const criSocket = (await runtimeEndpoint(host, layout.kubeletFlagFiles)) ?? DEFAULT_SOCKET;
  return { clusterConfiguration, nodeName: plan.node.name, advertiseAddress, bindPort, criSocket };
}

/**
 * The patches as they will be when the step `kubeadm` has written the Machine's files; undefined: there are none. Files of
 * `folder` stay for whoever renders. kubeadm reads no folders below it.
 */
export async function copyPatches(
  host: Host,
  { desired }: StepContext,
  folder: string,
): Promise<string | undefined> {
  const source = desired?.patchesDirectory?.replace(/\/+$/, '');
  if (!desired || source === undefined) return undefined;
  const contents = new Map<string, Buffer>();
  for (const name of await host.files.list(source)) {
    const path = await host.files.resolve(`${source}/${name}`);
    if (path === undefined || (await host.files.status(path))?.kind !== 'file') continue;
    contents.set(name, (await host.files.read(path)) ?? Buffer.of());
  }
  for (const { path, content } of desired.files) {
    const name = path.startsWith(`${source}/`) ? path.slice(source.length + 1) : '';
    if (name !== '' && !name.includes('/')) contents.set(name, Buffer.from(content, 'base64'));
  }
  await host.files.makeFolder(folder, 0o700);
  for (const [name, content] of contents) {
    await host.files.write(`${folder}/${name}`, content, { mode: 0o600 });
  }
  return folder;
}

function failed(message: string): StatusError {
  return new StatusError(message, { reason: 'Failed' });
}
