// What is different between two manifests of one component, for people and for judgement. Pure.
import type { Field, Fields } from './manifest-fields.ts';

export interface Difference {
  field: string;
  /** undefined: it is not there. */
  from: Field | undefined;
  to: Field | undefined;
}

const MAX_VALUE = 120;

/** By field. Empty: they say the same. */
export function manifestDifference(from: Fields, to: Fields): Difference[] {
  const names = [...new Set([...from.keys(), ...to.keys()])].sort();
  return names
    .map((field) => ({ field, from: from.get(field), to: to.get(field) }))
    .filter((difference) => difference.from?.text !== difference.to?.text);
}

/** `--feature-gates: got nothing, then "InitialCorruptCheck=true"`. */
export function describeDifference({ field, from, to }: Difference): string {
  return `${field}: got ${shown(from)}, then ${shown(to)}`;
}

/** Of an environment, of other containers and the like only that there is something. */
export function shown(field: Field | undefined): string {
  if (field === undefined) return 'nothing';
  if (!field.isShown) return '(hidden)';
  return field.text.length <= MAX_VALUE ? field.text : `${field.text.slice(0, MAX_VALUE - 3)}...`;
}
