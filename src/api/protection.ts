// Keeping Cluster API from deleting a Machine in the middle of an operation: what is set, and what is taken away again.
import {
  PRE_DRAIN_HOOK_ANNOTATION,
  PROTECTED_SINCE_ANNOTATION,
  SKIP_REMEDIATION_ANNOTATION,
} from './labels.ts';

/** Value by which we know our own: a person's annotation of the same key is neither changed nor removed. */
const OURS = 'capi-refit.io';
const HELD = [SKIP_REMEDIATION_ANNOTATION, PRE_DRAIN_HOOK_ANNOTATION] as const;

type Annotations = Readonly<Record<string, string>>;

/** All steps of an operation that wait for its protection ask for it. */
const SAME_MILLISECONDS = 60_000;

/** Annotations to set, if any; begins anew for each operation, so that its end counts from here. */
export function protection(annotations: Annotations, now: Date): Record<string, string> {
  const missing = HELD.filter((key) => !Object.hasOwn(annotations, key));
  const age = now.getTime() - Date.parse(annotations[PROTECTED_SINCE_ANNOTATION] ?? '');
  if (missing.length === 0 && age >= 0 && age < SAME_MILLISECONDS) return {};
  return {
    ...Object.fromEntries(missing.map((key) => [key, OURS])),
    [PROTECTED_SINCE_ANNOTATION]: now.toISOString(),
  };
}

/** Annotations to remove (null), only ours; empty when nothing is protected. */
export function noProtection(annotations: Annotations): Record<string, null> {
  const held = HELD.filter((key) => annotations[key] === OURS);
  const since = Object.hasOwn(annotations, PROTECTED_SINCE_ANNOTATION) ? [PROTECTED_SINCE_ANNOTATION] : [];
  return Object.fromEntries([...held, ...since].map((key) => [key, null]));
}
