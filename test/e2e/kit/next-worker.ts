import { nodePath } from '../../../src/steps/api/paths.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { expectOk } from '../../apiserver/api.ts';
import type { E2eNode } from '../cluster/connect.ts';
import type { Site } from './site.ts';
import { OLD } from './versions.ts';

/** One at the old version: stories take them one after the other. Errors: there is none any more. */
export async function nextWorker({ api, cluster }: Site): Promise<E2eNode> {
  for (const node of cluster.nodes.filter(({ role }) => role === 'worker')) {
    const object = await expectOk(api.get(nodePath(node.name)));
    if (text(object, 'status', 'nodeInfo', 'kubeletVersion') === OLD) return node;
  }
  throw new Error(
    `cluster ${cluster.clusterName}: got no worker at ${OLD}, expected one; start it with more`,
  );
}
