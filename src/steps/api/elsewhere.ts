import type { JsonObject } from '../../api/json.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { items } from './items.ts';
import { canTakePodsOf } from './node.ts';
import { NODES } from './paths.ts';

/** Is there another node that could take this one's pods? If not, evicting them helps nobody. */
export async function hasElsewhere(workload: ApiClient, node: JsonObject): Promise<boolean> {
  for await (const other of items(workload, NODES)) if (canTakePodsOf(node, other)) return true;
  return false;
}
