import { stringify } from 'yaml';
import type { JsonObject } from '../../../src/api/json.ts';
import { POLICY_ANNOTATION } from '../../../src/api/labels.ts';
import { expectOk } from '../../apiserver/api.ts';
import type { Site } from './site.ts';

/** What this Cluster wants otherwise than the policy that counts everywhere. */
export async function overridePolicy({ api, namespace, cluster }: Site, policy: JsonObject): Promise<void> {
  const metadata = { annotations: { [POLICY_ANNOTATION]: stringify(policy) } };
  const path = `/apis/cluster.x-k8s.io/v1beta2/namespaces/${namespace}/clusters/${cluster.clusterName}`;
  await expectOk(api.patch(path, { metadata }));
}
