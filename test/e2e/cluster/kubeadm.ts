// What Cluster API's KubeadmConfigs say of the nodes, and the files for kubeadm that its bootstrap provider makes of them.
import { stringify } from 'yaml';
import type { JsonObject } from '../../../src/api/json.ts';
import { cgroupDriver } from './node-files.ts';
import type { ClusterDescription, NodeDescription } from './folder.ts';
import { KUBE_VIP_FILE, kubeVipManifest } from './kube-vip.ts';

export interface JoinSecrets {
  /** Of a bootstrap token. */
  token: string;
  /** Encrypts the certificates that control planes share. */
  certificateKey: string;
}

const API = 'kubeadm.k8s.io/v1beta4';

/** Nothing here can read the kernel's configuration, and without its module a bridge is not filtered. */
const IGNORED = ['SystemVerification', 'FileContent--proc-sys-net-bridge-bridge-nf-call-iptables'];

/** Spec of a node's KubeadmConfig, as Cluster API shows it when it asks for an update. */
export function bootstrapSpec(cluster: ClusterDescription, node: NodeDescription): JsonObject {
  const isControlPlane = node.role === 'control-plane';
  return {
    ...(isControlPlane ? { clusterConfiguration: clusterConfiguration(cluster) } : {}),
    joinConfiguration: {
      ...(isControlPlane ? { controlPlane: {} } : {}),
      nodeRegistration: nodeRegistration(cluster, node),
    },
    files: Object.entries(bootstrapFiles(cluster, node)).map(([path, content]) => ({
      path,
      content,
      ...OWNED,
    })),
  };
}

/** What cloud-init would have written before kubeadm ran. */
export function bootstrapFiles(
  cluster: ClusterDescription,
  { role }: NodeDescription,
): Readonly<Record<string, string>> {
  const hasVip = cluster.balancer === 'kube-vip' && role === 'control-plane';
  return {
    '/etc/sysctl.d/99-kubernetes.conf': 'net.ipv4.ip_forward = 1\n',
    ...(hasVip ? { [KUBE_VIP_FILE]: kubeVipManifest(cluster) } : {}),
  };
}
const OWNED = { owner: 'root:root', permissions: '0644' };

export function initFile(
  cluster: ClusterDescription,
  node: NodeDescription,
  version: string,
  { token, certificateKey }: JoinSecrets,
): string {
  const init = {
    ...kind('InitConfiguration'),
    localAPIEndpoint: { advertiseAddress: node.address, bindPort: 6443 },
    nodeRegistration: { name: node.name, ...nodeRegistration(cluster, node) },
    bootstrapTokens: [{ token, ttl: '2h', usages: ['signing', 'authentication'], groups: TOKEN_GROUPS }],
    certificateKey,
  };
  const configuration = {
    ...kind('ClusterConfiguration'),
    ...clusterConfiguration(cluster),
    clusterName: cluster.clusterName,
    kubernetesVersion: version,
    networking: { serviceSubnet: '10.96.0.0/16', dnsDomain: 'cluster.local' },
  };
  return documents([init, configuration, KUBELET, KUBE_PROXY]);
}

export function joinFile(
  cluster: ClusterDescription,
  node: NodeDescription,
  caCertHash: string,
  { token, certificateKey }: JoinSecrets,
): string {
  const localAPIEndpoint = { advertiseAddress: node.address, bindPort: 6443 };
  const join = {
    ...kind('JoinConfiguration'),
    discovery: {
      bootstrapToken: { token, apiServerEndpoint: cluster.endpoint, caCertHashes: [caCertHash] },
    },
    nodeRegistration: { name: node.name, ...nodeRegistration(cluster, node) },
    ...(node.role === 'control-plane' ? { controlPlane: { localAPIEndpoint, certificateKey } } : {}),
  };
  return documents([join]);
}

const TOKEN_GROUPS = ['system:bootstrappers:kubeadm:default-node-token'];

/** Longer than the load balancer needs to notice. */
const NOTICED = { extraArgs: [{ name: 'shutdown-delay-duration', value: '5s' }] };

function clusterConfiguration({ endpoint, balancer }: ClusterDescription): JsonObject {
  return {
    controlPlaneEndpoint: endpoint,
    imageRepository: 'registry.k8s.io',
    apiServer: { certSANs: ['localhost', '127.0.0.1'], ...(balancer === 'none' ? {} : NOTICED) },
    // Cluster API sets it.
    featureGates: { ControlPlaneKubeletLocalMode: true },
  };
}

/** Without workers the control plane takes everything. */
function nodeRegistration({ nodes }: ClusterDescription, { role }: NodeDescription): JsonObject {
  const hasWorkers = nodes.some((node) => node.role === 'worker');
  const taints = hasWorkers ? [{ key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' }] : [];
  return {
    criSocket: 'unix:///var/run/containerd/containerd.sock',
    imagePullPolicy: 'IfNotPresent',
    ignorePreflightErrors: IGNORED,
    kubeletExtraArgs: [{ name: 'node-labels', value: `example.com/pool=${role}` }],
    ...(role === 'control-plane' ? { taints } : {}),
  };
}

/** On any disk: neither evicts pods nor removes images, which nobody could pull again. */
const KUBELET = {
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  cgroupDriver: cgroupDriver(),
  failSwapOn: false,
  imageGCHighThresholdPercent: 100,
  imageGCLowThresholdPercent: 99,
  evictionHard: {
    'memory.available': '100Mi',
    'nodefs.available': '1%',
    'nodefs.inodesFree': '1%',
    'imagefs.available': '1%',
  },
};

/** Limits of the whole machine's connection tracking are not a container's to set. */
const KUBE_PROXY = {
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  mode: 'nftables',
  conntrack: { maxPerCore: 0, min: 0 },
};

function kind(name: string): JsonObject {
  return { apiVersion: API, kind: name };
}

function documents(objects: readonly object[]): string {
  return objects.map((object) => stringify(object)).join('---\n');
}
