// How a node is configured: what a story says, as kubeadm's bootstrap provider wants it.
import type { JsonObject } from '../../../src/api/json.ts';
import { API, type LabObject } from './objects.ts';

export interface NodeConfiguration {
  /** Path -> content. */
  files?: Readonly<Record<string, string>>;
  kubeletExtraArgs?: Readonly<Record<string, string>>;
  /** With a file whose content comes from a Secret. */
  auditPolicy?: boolean;
  ntpServers?: readonly string[];
  users?: readonly string[];
}

export interface ControlPlaneConfiguration extends NodeConfiguration {
  certSANs?: readonly string[];
  etcdImageTag?: string;
  featureGates?: Readonly<Record<string, boolean>>;
}

export const AUDIT_POLICY: LabObject = {
  apiVersion: API.core,
  kind: 'Secret',
  metadata: { name: 'audit-policy' },
  stringData: { 'policy.yaml': 'apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n' },
};

export function controlPlaneSpec(configuration: ControlPlaneConfiguration): JsonObject {
  const { certSANs = [], etcdImageTag, featureGates } = configuration;
  return {
    clusterConfiguration: {
      apiServer: { certSANs: ['localhost', '127.0.0.1', ...certSANs] },
      ...(etcdImageTag === undefined ? {} : { etcd: { local: { imageTag: etcdImageTag } } }),
      ...(featureGates === undefined ? {} : { featureGates }),
    },
    initConfiguration: { nodeRegistration: nodeRegistration(configuration) },
    ...workerSpec(configuration),
  };
}

export function workerSpec(configuration: NodeConfiguration): JsonObject {
  const { ntpServers, users } = configuration;
  return {
    joinConfiguration: { nodeRegistration: nodeRegistration(configuration) },
    ...files(configuration),
    ...(ntpServers === undefined ? {} : { ntp: { enabled: true, servers: [...ntpServers] } }),
    ...(users === undefined ? {} : { users: users.map((name) => ({ name })) }),
  };
}

function nodeRegistration({ kubeletExtraArgs = {} }: NodeConfiguration): JsonObject {
  const args = { 'eviction-hard': 'nodefs.available<5%', ...kubeletExtraArgs };
  return {
    criSocket: 'unix:///var/run/containerd/containerd.sock',
    kubeletExtraArgs: Object.entries(args).map(([name, value]) => ({ name, value })),
  };
}

/** An empty list is refused. */
function files({ files: contents = {}, auditPolicy = false }: NodeConfiguration): JsonObject {
  const owned = { owner: 'root:root', permissions: '0600' };
  const contentFrom = { secret: { name: AUDIT_POLICY.metadata.name, key: 'policy.yaml' } };
  const all = [
    ...Object.entries(contents).map(([path, content]) => ({ path, content, ...owned })),
    ...(auditPolicy ? [{ path: '/etc/kubernetes/audit-policy.yaml', contentFrom, ...owned }] : []),
  ];
  return all.length === 0 ? {} : { files: all };
}
