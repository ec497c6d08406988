import type { ApiStepContext } from './api-step.ts';
import { items } from './items.ts';
import { canTakePodsOf } from './node.ts';
import { nodePath, NODES } from './paths.ts';

/** Is there another node that could take this one's pods? If not, evicting them helps nobody. */
export async function hasElsewhere(
  { workload }: Pick<ApiStepContext, 'workload'>,
  { nodeName }: Pick<ApiStepContext, 'nodeName'>,
): Promise<boolean> {
  const node = await workload.get(nodePath(nodeName));
  for await (const other of items(workload, NODES)) if (canTakePodsOf(node, other)) return true;
  return false;
}
