import { nodePath, podsPath } from '../../../src/steps/api/paths.ts';
import { list, text } from '../../../src/kubernetes/fields.ts';
import { expectOk } from '../../apiserver/api.ts';
import { ARGO_NAMESPACE } from '../../lab/objects/argo.ts';
import type { E2eNode } from '../cluster/connect.ts';
import type { Site } from './site.ts';
import { OLD } from './versions.ts';

/**
 * One at the old version: stories take them one after the other. One without Argo's controller, if there is one:
 * where it has to move away, an upgrade takes up to 90 s longer. Errors: there is none any more.
 */
export async function nextWorker(site: Site): Promise<E2eNode> {
  const workers = await oldWorkers(site);
  const pods = list(await expectOk(site.api.get(podsPath(ARGO_NAMESPACE))), 'items');
  const taken = pods.map((pod) => text(pod, 'spec', 'nodeName'));
  return workers.find(({ name }) => !taken.includes(name)) ?? workers[0];
}

async function oldWorkers({ api, cluster }: Site): Promise<[E2eNode, ...E2eNode[]]> {
  const found: E2eNode[] = [];
  for (const node of cluster.nodes.filter(({ role }) => role === 'worker')) {
    const object = await expectOk(api.get(nodePath(node.name)));
    if (text(object, 'status', 'nodeInfo', 'kubeletVersion') === OLD) found.push(node);
  }
  const [first, ...others] = found;
  if (first) return [first, ...others];
  throw new Error(
    `cluster ${cluster.clusterName}: got no worker at ${OLD}, expected one; start it with more`,
  );
}
