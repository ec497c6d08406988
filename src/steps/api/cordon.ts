// The cordon, and whose it is: one that somebody else set is neither claimed nor taken away.
import { CORDONED_BY_ANNOTATION } from '../../api/labels.ts';
import { texts } from '../../kubernetes/fields.ts';
import type { ApiStepContext } from './api-step.ts';
import { change } from './change.ts';
import { cordonedBy, isCordoned } from './node.ts';
import { nodePath } from './paths.ts';

type Context = Pick<ApiStepContext, 'workload' | 'nodeName' | 'operation'>;

/** set: by this call. ours: by this operation or an earlier one. theirs: by somebody else. */
export type Cordon = 'set' | 'ours' | 'theirs';

export async function cordon({ workload, nodeName, operation }: Context): Promise<Cordon> {
  let found: Cordon = 'set';
  await change(workload, nodePath(nodeName), (node) => {
    if (isCordoned(node)) {
      found = cordonedBy(node) === undefined ? 'theirs' : 'ours';
      return undefined;
    }
    return { annotations: { [CORDONED_BY_ANNOTATION]: operation }, spec: { unschedulable: true } };
  });
  return found;
}

/** Takes our cordon away; only that of one operation, if one is given. True: it was there. */
export async function removeCordon(
  { workload, nodeName }: Omit<Context, 'operation'>,
  only?: string,
): Promise<boolean> {
  return change(workload, nodePath(nodeName), (node) => {
    const by = texts(node, 'metadata', 'annotations')[CORDONED_BY_ANNOTATION];
    if (by === undefined || (only !== undefined && by !== only)) return undefined;
    return { annotations: { [CORDONED_BY_ANNOTATION]: null }, spec: { unschedulable: null } };
  });
}
