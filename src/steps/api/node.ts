// Reading of Nodes. Pure.
import type { JsonObject } from '../../api/json.ts';
import { CORDONED_BY_ANNOTATION } from '../../api/labels.ts';
import type { NodeState } from '../../api/completion.ts';
import { at, list, text, texts } from '../../kubernetes/fields.ts';

export function conditionStatus(object: JsonObject, type: string): string | undefined {
  return text(condition(object, type), 'status');
}

export function condition(object: JsonObject, type: string): JsonObject | undefined {
  const found = list(object, 'status', 'conditions').find((candidate) => text(candidate, 'type') === type);
  return found as JsonObject | undefined;
}

export function nodeState(node: JsonObject): NodeState {
  return {
    kubeletVersion: text(node, 'status', 'nodeInfo', 'kubeletVersion') ?? 'none',
    ready: conditionStatus(node, 'Ready') === 'True',
  };
}

export function isCordoned(node: JsonObject): boolean {
  return at(node, 'spec', 'unschedulable') === true;
}

/** The operation of ours that cordoned the Node; undefined: it is not cordoned, or somebody else did it. */
export function cordonedBy(node: JsonObject): string | undefined {
  return isCordoned(node) ? texts(node, 'metadata', 'annotations')[CORDONED_BY_ANNOTATION] : undefined;
}

/** Could ordinary pods of the one Node go to the other? Pods of a Node with taints tolerate those, so perhaps any. */
export function canTakePodsOf(node: JsonObject, other: JsonObject): boolean {
  const isOther = text(node, 'metadata', 'name') !== text(other, 'metadata', 'name');
  const isOpen = !isCordoned(other) && nodeState(other).ready;
  // Kubernetes' own taints come and go with conditions and cordons: they say nothing about what pods tolerate.
  const isTainted = taints(node).some((key) => !key.startsWith('node.kubernetes.io/'));
  return isOther && isOpen && (isTainted || taints(other).length === 0);
}

/** Keys of those that keep pods away. */
function taints(node: JsonObject): string[] {
  return list(node, 'spec', 'taints')
    .filter((taint) => text(taint, 'effect') !== 'PreferNoSchedule')
    .map((taint) => text(taint, 'key') ?? '');
}
