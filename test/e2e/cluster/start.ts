// Starts a cluster of real nodes, with Argo and Refit in it.
import { randomBytes } from 'node:crypto';
import { apiOf, kubeConfigOf } from '../../apiserver/api.ts';
import { type Timed, timedBy } from '../../helpers/timed.ts';
import { requirePrograms } from '../../host/root-folder.ts';
import { e2eImages } from '../images/images.ts';
import { startBalancer } from './balancer.ts';
import { initCluster, joinCluster, joinSecrets, layOut } from './bootstrap.ts';
import { declareToCapi } from './capi.ts';
import { connectCluster, type E2eCluster, type E2eNode } from './connect.ts';
import { installCustomResources } from './crds.ts';
import {
  type Balancer,
  type ClusterDescription,
  type ClusterLayout,
  clusterLayout,
  writeDescription,
} from './folder.ts';
import { removeWhenWeEnd } from './guard.ts';
import { type Images, imagesOf } from './images.ts';
import { DEPLOYMENTS, installArgo, installRefit } from './install.ts';
import { changeSettings } from './kernel.ts';
import { freePrefix } from './free-prefix.ts';
import { balancerAddress, createNetwork, nodeAddress } from './network.ts';
import { nodeImage } from './node-image.ts';
import { copyNodeTree } from './node-tree.ts';
import { switchOn } from './node.ts';
import { removeCluster } from './remove.ts';
import { apiServersReady, deploymentAvailable, nodesReady } from './settled.ts';

export interface ClusterOptions {
  folder: string;
  controlPlanes: 1 | 3;
  /** In front of three. */
  balancer?: 'haproxy' | 'kube-vip' | undefined;
  /** 0: the control plane takes everything. */
  workers: number;
  /** It goes on when this process ends; otherwise it ends with it, however that ends. */
  stays?: boolean;
  /** Told how long each part takes. */
  log: (line: string) => void;
}

/** Errors: what failed, and why; then nothing is left. */
export async function startCluster(options: ClusterOptions): Promise<E2eCluster> {
  const { folder, stays = false, log } = options;
  if (process.getuid?.() !== 0) throw new Error('real nodes need root: systemd-nspawn starts them');
  requirePrograms({ ...PROGRAMS, ...(balancerOf(options) === 'haproxy' ? { haproxy: 'haproxy' } : {}) });
  const layout = clusterLayout(folder);
  if (await removeCluster(folder)) log(`removed what was in ${layout.root}`);
  const timed = timedBy(log);
  const all = await timed('images', e2eImages());
  const images = imagesOf(all);
  const image = await timed('image of nodes', nodeImage(all, images.pause));
  const cluster = await describe(options);
  writeDescription(layout, cluster);
  const guard = removeWhenWeEnd(layout);
  try {
    await bringUp({ layout, cluster, images, image, timed });
    if (stays) guard.cancel();
    return connectCluster(folder);
  } catch (error) {
    await removeCluster(folder);
    guard.cancel();
    throw error;
  }
}

const PROGRAMS = {
  'systemd-nspawn': 'systemd-container',
  debootstrap: 'debootstrap',
  ip: 'iproute2',
  nsenter: 'util-linux',
  pgrep: 'procps',
};

function balancerOf({ controlPlanes, balancer = 'haproxy' }: ClusterOptions): Balancer {
  return controlPlanes > 1 ? balancer : 'none';
}

async function describe(options: ClusterOptions): Promise<ClusterDescription> {
  const { controlPlanes, workers } = options;
  const prefix = await freePrefix();
  const balancer = balancerOf(options);
  const names = [
    ...Array.from({ length: controlPlanes }, (_, index) => `control-plane-${index + 1}`),
    ...Array.from({ length: workers }, (_, index) => `worker-${index + 1}`),
  ];
  return {
    id: randomBytes(2).toString('hex'),
    clusterName: 'edge',
    namespace: 'site',
    prefix,
    balancer,
    endpoint: `${balancer === 'none' ? nodeAddress(prefix, 0) : balancerAddress(prefix)}:6443`,
    nodes: names.map((name, index) => ({
      ...{ name, index, address: nodeAddress(prefix, index) },
      role: index < controlPlanes ? 'control-plane' : 'worker',
    })),
    kernel: changeSettings(),
  };
}

interface Parts {
  layout: ClusterLayout;
  cluster: ClusterDescription;
  images: Images;
  /** Folder of the file tree that nodes are copied from. */
  image: string;
  timed: Timed;
}

async function bringUp(parts: Parts): Promise<void> {
  const { layout, cluster, timed } = parts;
  await createNetwork(cluster);
  if (cluster.balancer === 'haproxy') startBalancer(layout, cluster);
  await timed('nodes running', Promise.all(cluster.nodes.map((node) => startNode(parts, node))));
  const { nodes } = connectCluster(layout.root);
  const [first, ...others] = nodes;
  if (!first) throw new Error('cluster: got no node, expected one');
  const secrets = joinSecrets();
  await timed('kubeadm init', initCluster(layout, cluster, first, secrets));
  const join = (node: E2eNode) => joinCluster(cluster, first, node, secrets);
  // Members of etcd one after the other, and nothing beside: the API does not answer while they get to know each other.
  for (const node of others.filter(({ role }) => role === 'control-plane'))
    await timed('kubeadm join, control plane', join(node));
  const api = apiOf(kubeConfigOf(layout.kubeconfig));
  const count = nodes.filter(({ role }) => role === 'control-plane').length;
  await timed('API servers ready', apiServersReady(api, count));
  const workers = others.filter(({ role }) => role === 'worker');
  await Promise.all([timed('kubeadm join, workers', Promise.all(workers.map(join))), installAll(parts)]);
  await timed('Nodes ready', nodesReady(api, nodes.length));
  await timed('objects of Cluster API', declareToCapi(api, layout, cluster));
  await timed('pods ready', Promise.all(DEPLOYMENTS.map((one) => deploymentAvailable(api, one))));
}

async function startNode({ layout, cluster, image }: Parts, node: ClusterDescription['nodes'][number]) {
  const { root } = layout.node(node.name);
  await copyNodeTree(image, root, node.name);
  layOut(root, cluster, node);
  await switchOn(layout, cluster, node);
}

async function installAll({ layout, cluster, images, timed }: Parts): Promise<void> {
  const api = apiOf(kubeConfigOf(layout.kubeconfig));
  await timed('custom resources', installCustomResources(api, layout.kubeconfig));
  await timed('Argo', installArgo(api, images));
  await timed('Refit', installRefit(api, layout, cluster, images));
}
