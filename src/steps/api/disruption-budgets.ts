// Which PodDisruptionBudgets keep a pod from being evicted. Pure.
import type { JsonObject, JsonValue } from '../../api/json.ts';
import { at, list, text, texts } from '../../kubernetes/fields.ts';

/** For people: the budgets of the pod's namespace that cover it, and why; undefined when none does. */
export function blockedBy(pod: JsonObject, budgets: readonly JsonObject[]): string | undefined {
  const labels = texts(pod, 'metadata', 'labels');
  const covering = budgets.filter((budget) => selects(at(budget, 'spec', 'selector'), labels));
  const [first, second] = covering;
  if (first === undefined) return undefined;
  if (second !== undefined) {
    const names = covering.map(nameOf).join(', ');
    return `more than one PodDisruptionBudget covers it, which evictions do not support: ${names}`;
  }
  const number = (field: string): string => JSON.stringify(at(first, 'status', field) ?? 'unknown');
  return (
    `PodDisruptionBudget ${nameOf(first)}: ${number('disruptionsAllowed')} disruptions allowed, ` +
    `${number('currentHealthy')} pods healthy, ${number('desiredHealthy')} needed`
  );
}

/** A label selector of policy/v1: an empty one takes all pods of the namespace, an absent one none. */
export function selects(selector: JsonValue | undefined, labels: Readonly<Record<string, string>>): boolean {
  if (selector === undefined || selector === null) return false;
  const wanted = Object.entries(texts(selector, 'matchLabels'));
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    list(selector, 'matchExpressions').every((expression) => holds(expression, labels))
  );
}

function holds(expression: JsonValue, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[text(expression, 'key') ?? ''];
  const isAmong = value !== undefined && list(expression, 'values').includes(value);
  switch (text(expression, 'operator')) {
    case 'In':
      return isAmong;
    case 'NotIn':
      return !isAmong;
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

function nameOf(budget: JsonObject): string {
  return `${text(budget, 'metadata', 'namespace') ?? ''}/${text(budget, 'metadata', 'name') ?? ''}`;
}
