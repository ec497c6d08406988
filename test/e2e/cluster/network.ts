// The network of a cluster: a bridge in a network namespace of its own, and one namespace for each node. The bridge's
// namespace is everybody's gateway, and has no route to anywhere else.
import { readdirSync } from 'node:fs';
import { run } from './command.ts';
import type { ClusterDescription, NodeDescription } from './folder.ts';

const BRIDGE = 'nodes';
const HOST = 1;
const BALANCER = 5;
const FIRST_NODE = 11;
const GATEWAY = 254;

export const nodeAddress = (prefix: string, index: number): string => `${prefix}.${FIRST_NODE + index}`;
export const balancerAddress = (prefix: string): string => `${prefix}.${BALANCER}`;
export const gatewayAddress = (prefix: string): string => `${prefix}.${GATEWAY}`;
export const podSubnet = ({ index }: NodeDescription): string => `10.244.${index + 1}.0/24`;

export const bridgeNamespace = (id: string): string => `refit-${id}`;
const nodeNamespace = (id: string, { name }: NodeDescription): string => `refit-${id}-${name}`;
export const namespacePath = (id: string, node: NodeDescription): string =>
  `/run/netns/${nodeNamespace(id, node)}`;
/** On this machine, through which it reaches the nodes. */
const hostLink = (id: string): string => `refit-${id}`;

export async function createNetwork({ id, prefix, nodes, balancer }: ClusterDescription): Promise<void> {
  const inner = bridgeNamespace(id);
  await run('ip', 'netns', 'add', inner);
  // It knows no way out, and says so at once; without this it would say nothing.
  await sysctl(inner, 'net.ipv4.ip_forward', 1);
  await inside(inner, 'link', 'add', BRIDGE, 'type', 'bridge');
  // kube-vip gives the address to a node.
  for (const last of [GATEWAY, ...(balancer === 'haproxy' ? [BALANCER] : [])]) {
    await inside(inner, 'address', 'add', `${prefix}.${last}/24`, 'dev', BRIDGE);
  }
  await run('ip', 'link', 'add', hostLink(id), 'type', 'veth', 'peer', 'name', 'host', 'netns', inner);
  for (const link of [BRIDGE, 'lo']) await inside(inner, 'link', 'set', link, 'up');
  await inside(inner, 'link', 'set', 'host', 'master', BRIDGE, 'up');
  // Pods speak to the balancer, too.
  for (const node of nodes) await inside(inner, 'route', 'add', podSubnet(node), 'via', node.address);
  await run('ip', 'address', 'add', `${prefix}.${HOST}/24`, 'dev', hostLink(id));
  await run('ip', 'link', 'set', hostLink(id), 'up');
}

/** Anew: what pods and kube-proxy left in its namespace is gone, as after a reboot. */
export async function attachNode(cluster: ClusterDescription, node: NodeDescription): Promise<void> {
  const { id, prefix } = cluster;
  const [own, bridge, port] = [nodeNamespace(id, node), bridgeNamespace(id), `port${node.index}`];
  await deleteNamespace(own);
  await run('ip', 'netns', 'add', own);
  // Its other end goes with a namespace, but some moments later.
  await inside(bridge, 'link', 'delete', port).catch(() => undefined);
  const peer = ['peer', 'name', port, 'netns', bridge];
  await run('ip', 'link', 'add', 'eth0', 'netns', own, 'type', 'veth', ...peer);
  await inside(bridge, 'link', 'set', port, 'master', BRIDGE, 'up');
  await inside(own, 'address', 'add', `${node.address}/24`, 'dev', 'eth0');
  for (const link of ['lo', 'eth0']) await inside(own, 'link', 'set', link, 'up');
  await inside(own, 'route', 'add', 'default', 'via', gatewayAddress(prefix));
  for (const other of cluster.nodes.filter(({ name }) => name !== node.name)) {
    await inside(own, 'route', 'add', podSubnet(other), 'via', other.address);
  }
  await sysctl(own, 'net.ipv4.ip_forward', 1);
}

/** Also what is left of one. */
export async function removeNetwork({ id, nodes }: ClusterDescription): Promise<void> {
  for (const node of nodes) await deleteNamespace(nodeNamespace(id, node));
  // The link on this machine goes with its other end.
  await deleteNamespace(bridgeNamespace(id));
}

async function deleteNamespace(name: string): Promise<void> {
  if (namespaces().includes(name)) await run('ip', 'netns', 'delete', name);
}

function namespaces(): string[] {
  try {
    return readdirSync('/run/netns');
  } catch {
    return [];
  }
}

function inside(namespace: string, ...words: string[]): Promise<string> {
  return run('ip', '-n', namespace, ...words);
}

function sysctl(namespace: string, name: string, value: number): Promise<string> {
  return run('ip', 'netns', 'exec', namespace, 'sysctl', '--quiet', '--write', `${name}=${value}`);
}
