import { decodeCluster } from '../../../src/api/decode.ts';
import { CLUSTERS } from '../../../src/hook/kubernetes/resources.ts';
import { apiOf, expectOk, kubeConfigOf } from '../../apiserver/api.ts';
import { clusterObject } from '../../apiserver/site.ts';
import type { Question } from './questions.ts';

/** Creates the Clusters that the questions are about, with Refit's label, and their namespaces. */
export async function optIn(kubeconfigPath: string, questions: readonly Question[]): Promise<void> {
  const api = apiOf(kubeConfigOf(kubeconfigPath));
  const clusters = questions.map(({ body }) => decodeCluster(JSON.parse(body)));
  for (const name of new Set(clusters.map(({ namespace }) => namespace))) {
    await expectOk(api.create('/api/v1/namespaces', { metadata: { name } }));
  }
  const byKey = new Map(clusters.map((cluster) => [`${cluster.namespace}/${cluster.name}`, cluster]));
  for (const { namespace, name } of byKey.values()) {
    await expectOk(api.create(CLUSTERS.path(namespace), clusterObject(namespace, name)));
  }
}
