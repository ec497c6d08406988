// Everything that a site may want to change about the installation. Edit `values`, then `npm run synth`.
import type { z } from 'zod';
import type { imageMapSchema, policySchema } from '../api/policy.ts';

export interface Values {
  /** Image with the `refit` program, by digest: of the server and of the step pods. */
  image: string;
  /** Of the server; two or more, so that the hooks answer while a node goes away. */
  replicas: number;
  /** Namespaces with Clusters. Whoever may create Workflows in one of them is root on the nodes: keep them few. */
  clusterNamespaces: readonly ClusterNamespace[];
  /** src/api/policy.ts */
  policy: Omit<z.input<typeof policySchema>, 'imageMap'>;
  /** Release -> its Kubernetes, containerd and CNI versions and its upgrader image by digest. */
  imageMap: z.input<typeof imageMapSchema>;
  /** mTLS: Secret in the server's namespace whose `ca.crt` signs the client certificates of the CAPI managers. */
  clientCaSecret?: string;
  /** Plural names, in infrastructure.cluster.x-k8s.io, of the machines whose owners are upgraded externally. */
  infrastructureMachines: readonly string[];
  /** Namespaces of the two CAPI managers that call the hooks. */
  callerNamespaces: readonly string[];
  /** Namespaces that may scrape /metrics. */
  metricsNamespaces: readonly string[];
  /** For refit-monitoring, which needs the Prometheus operator. */
  monitoring: Monitoring;
  /** Where the API server of the management cluster listens: its Service and its endpoints. */
  apiServerPorts: readonly number[];
}

export interface ClusterNamespace {
  name: string;
  /** Secrets that KubeadmConfigs there name in `files[].contentFrom`: the only ones that step pods may read. */
  contentSecrets: readonly string[];
}

export interface Monitoring {
  /** By which Prometheus finds its ServiceMonitors and rules, for example `release: prometheus`. */
  labels: Readonly<Record<string, string>>;
  /** Where docs/runbook.md can be read: every alert links to its section. */
  runbookUrl: string;
}

export const values: Values = {
  // A placeholder: no image is published yet. Put the digest of your own build here.
  image: `ghcr.io/capi-refit/refit@sha256:${'0'.repeat(64)}`,
  replicas: 2,
  clusterNamespaces: [{ name: 'default', contentSecrets: [] }],
  policy: {},
  // Empty: every update is refused, naming the release that is missing. For example:
  // 'v1.34.3': { kubernetes: 'v1.34.3', containerd: '2.1.4', cni: '1.8.0', image: 'registry.example.com/upgrader@sha256:...' }
  imageMap: {},
  // Those that you have: without its name here Refit can neither compare nor change one.
  infrastructureMachines: ['metal3machines'],
  callerNamespaces: ['capi-system', 'capi-kubeadm-control-plane-system'],
  metricsNamespaces: ['monitoring'],
  monitoring: {
    labels: {},
    runbookUrl: 'https://github.com/capi-refit/refit/blob/main/docs/runbook.md',
  },
  apiServerPorts: [443, 6443],
};
