import { KubeConfig } from '@kubernetes/client-node';
import type { JsonObject } from '../../src/api/json.ts';
import { text } from '../../src/kubernetes/fields.ts';

export interface AccountToken {
  namespace: string;
  name: string;
  expirationSeconds: number;
}

/** The same server, as a pod of that ServiceAccount would talk to it; `create` asks for the token. */
export async function serviceAccountConfig(
  admin: KubeConfig,
  create: (path: string, body: object) => Promise<JsonObject>,
  { namespace, name, expirationSeconds }: AccountToken,
): Promise<KubeConfig> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const answer = await create(path, { spec: { expirationSeconds } });
  const cluster = admin.getCurrentCluster();
  const token = text(answer, 'status', 'token');
  if (!cluster || token === undefined) throw new Error(`ServiceAccount ${namespace}/${name}: got no token`);
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(cluster, { name, token });
  return kubeConfig;
}
