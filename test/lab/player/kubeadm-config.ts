// ConfigMap kubeadm-config as `kubeadm init` leaves it: the in-memory machines make an empty one.
import { stringify } from 'yaml';
import type { JsonObject } from '../../../src/api/json.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { amend } from './amend.ts';
import type { InMemoryServer } from './in-memory-server.ts';
import { versionOfApiServers } from './node-object.ts';

export const KUBEADM_CONFIG = '/api/v1/namespaces/kube-system/configmaps/kubeadm-config';
const KEY = 'ClusterConfiguration';

export async function furnishedKubeadmConfig(server: InMemoryServer): Promise<JsonObject> {
  const found = await server.get(KUBEADM_CONFIG);
  if (isWritten(found)) return found;
  const content = stringify({
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: KEY,
    clusterName: 'kubernetes',
    certificatesDir: '/etc/kubernetes/pki',
    etcd: { local: { dataDir: '/var/lib/etcd' } },
    kubernetesVersion: await versionOfApiServers(server),
    networking: { dnsDomain: 'cluster.local' },
  });
  return amend(server, KUBEADM_CONFIG, (now) => (isWritten(now) ? undefined : { data: { [KEY]: content } }));
}

function isWritten(configMap: JsonObject): boolean {
  return text(configMap, 'data', KEY) !== undefined;
}
