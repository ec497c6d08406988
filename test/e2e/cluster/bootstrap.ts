// From booted machines to a Kubernetes cluster.
import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { recipe } from '../../tools/catalog.ts';
import { runOn } from './command.ts';
import type { E2eNode } from './connect.ts';
import type { ClusterDescription, ClusterLayout, NodeDescription } from './folder.ts';
import { KUBE_VIP_FILE, kubeVipManifest } from './kube-vip.ts';
import { bootstrapFiles, initFile, joinFile, type JoinSecrets } from './kubeadm.ts';
import { gatewayAddress, podSubnet } from './network.ts';

/** Where Cluster API's bootstrap provider puts kubeadm's configuration. */
const KUBEADM_FILE = '/run/kubeadm/kubeadm.yaml';

/** What a node has before its first boot besides what is baked into its image. */
export function layOut(root: string, cluster: ClusterDescription, node: NodeDescription): void {
  const write = (file: string, content: string) => {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), content);
  };
  // Machines of one host would all take that of the host.
  write('etc/machine-id', `${randomBytes(16).toString('hex')}\n`);
  const hosts = cluster.nodes.map(({ name, address }) => `${address} ${name}\n`).join('');
  write('etc/hosts', `127.0.0.1 localhost\n${hosts}`);
  // Nobody answers there, and says so at once.
  write('etc/resolv.conf', `nameserver ${gatewayAddress(cluster.prefix)}\n`);
  write('etc/cni/net.d/10-pods.conflist', JSON.stringify(podNetwork(podSubnet(node)), undefined, 2));
  for (const [file, content] of Object.entries(bootstrapFiles(cluster, node))) write(file, content);
  // Nobody else may do anything before kubeadm has made the roles.
  if (cluster.balancer === 'kube-vip' && node.index === 0)
    write(KUBE_VIP_FILE, kubeVipManifest(cluster, 'super-admin.conf'));
}

/** Routed, not bridged: without a filter on bridges, Services of pods on the same node would not work. */
function podNetwork(subnet: string) {
  const ipam = { type: 'host-local', ranges: [[{ subnet }]], routes: [{ dst: '0.0.0.0/0' }] };
  const plugins = [
    { type: 'ptp', ipMasq: false, ipam },
    { type: 'portmap', capabilities: { portMappings: true } },
  ];
  return { cniVersion: '1.0.0', name: 'pods', plugins };
}

export function joinSecrets(): JoinSecrets {
  const token = `${randomBytes(3).toString('hex')}.${randomBytes(8).toString('hex')}`;
  return { token, certificateKey: randomBytes(32).toString('hex') };
}

/** The first node. Leaves an administrator's kubeconfig in the cluster's folder. */
export async function initCluster(
  layout: ClusterLayout,
  cluster: ClusterDescription,
  node: E2eNode,
  secrets: JoinSecrets,
): Promise<void> {
  const { version } = recipe('kubeadm-1.33');
  await writeKubeadmFile(node, initFile(cluster, describing(cluster, node), version, secrets));
  await runOn(node, ['kubeadm', 'init', '--config', KUBEADM_FILE, '--upload-certs']);
  copyFileSync(path.join(node.root, 'etc/kubernetes/admin.conf'), layout.kubeconfig);
  if (cluster.balancer === 'kube-vip')
    writeFileSync(path.join(node.root, KUBE_VIP_FILE), kubeVipManifest(cluster));
}

/** After the first one. */
export async function joinCluster(
  cluster: ClusterDescription,
  first: E2eNode,
  node: E2eNode,
  secrets: JoinSecrets,
): Promise<void> {
  const hash = certificateHash(path.join(first.root, 'etc/kubernetes/pki/ca.crt'));
  await writeKubeadmFile(node, joinFile(cluster, describing(cluster, node), hash, secrets));
  await runOn(node, ['kubeadm', 'join', '--config', KUBEADM_FILE]);
}

function describing({ nodes }: ClusterDescription, { name }: E2eNode): NodeDescription {
  return nodes.find((one) => one.name === name) as NodeDescription;
}

/** Over stdin: it holds secrets, and /run of a node is not in its file tree. */
async function writeKubeadmFile(node: E2eNode, content: string): Promise<void> {
  const write = 'umask 077; mkdir -p "${1%/*}"; cat > "$1"';
  await runOn(node, ['sh', '-c', write, 'sh', KUBEADM_FILE], content);
}

/** As kubeadm wants it: of the public key. */
function certificateHash(file: string): string {
  const key = new X509Certificate(readFileSync(file)).publicKey.export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(key).digest('hex')}`;
}
