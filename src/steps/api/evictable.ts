// Which pods a drain moves away. Pure. MachineDrainRules of Cluster API are not looked at; its label to skip a pod is.
import { NODE_NAMESPACE } from '../../api/install.ts';
import type { JsonObject } from '../../api/json.ts';
import { POD_DRAIN_LABEL } from '../../api/labels.ts';
import { list, text, texts } from '../../kubernetes/fields.ts';

export type Fate = { go: true } | { go: false; because: string };

/** Set by the kubelet on what it shows of a static pod: that pod cannot be evicted. */
export const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';
const WORKFLOW_LABEL = 'workflows.argoproj.io/workflow';

/** A pod that goes may still be there: it takes its time to terminate. */
export function fateOf(pod: JsonObject): Fate {
  const labels = texts(pod, 'metadata', 'labels');
  if (isFinished(pod)) return stays('finished');
  if (MIRROR_ANNOTATION in texts(pod, 'metadata', 'annotations')) return stays('static pod');
  if (list(pod, 'metadata', 'ownerReferences').some((owner) => text(owner, 'kind') === 'DaemonSet')) {
    return stays('of a DaemonSet');
  }
  if (text(pod, 'metadata', 'namespace') === NODE_NAMESPACE) return stays('of Refit');
  // It may be our own step: Argo runs in the cluster that is updated.
  if (WORKFLOW_LABEL in labels) return stays('of a Workflow');
  if (labels[POD_DRAIN_LABEL] === 'skip') return stays(`label ${POD_DRAIN_LABEL}`);
  return { go: true };
}

/** Its containers have ended for good: there is nothing to disturb, and its volumes are given back. */
export function isFinished(pod: JsonObject): boolean {
  const phase = text(pod, 'status', 'phase');
  return phase === 'Succeeded' || phase === 'Failed';
}

export function podName(pod: JsonObject): string {
  return `${text(pod, 'metadata', 'namespace') ?? ''}/${text(pod, 'metadata', 'name') ?? ''}`;
}

function stays(because: string): Fate {
  return { go: false, because };
}
