// Every field in which the wanted objects differ from the current ones, as CAPI itself compares them.
import type { CanUpdateRequest, ObjectName } from '../api/hooks.ts';
import { member, pointer, type JsonValue } from '../api/json.ts';
import { changesBetween, type Change } from './compare.ts';
import { groupOf, objectPairs, rootValue, type ObjectPair, type Part } from './objects.ts';

/** A change of one field. Its keys are relative to the object's compared fields; values are as they came: secret. */
export interface FieldDifference extends Change {
  object: ObjectName;
  part: Part;
  /** JSON pointer from the object's root; empty: the object itself, or its kind. */
  path: string;
}

/** CAPI looks at nothing else of a Machine. */
const MACHINE_FIELDS = ['version', 'failureDomain'];

/** In a fixed order: machine, infrastructure, bootstrap; by path. Errors: BadInput for absurdly many. */
export function differences(request: CanUpdateRequest): FieldDifference[] {
  return objectPairs(request).flatMap(differencesOf);
}

/** Of the kinds of two objects CAPI sees nothing: it compares their specs. */
export function isSeenByCapi(request: CanUpdateRequest): boolean {
  return objectPairs(request).some(({ part, root, from, to }) =>
    from && to ? specChanges(part, rootValue(from, root), rootValue(to, root)).length > 0 : from !== to,
  );
}

function differencesOf(pair: ObjectPair): FieldDifference[] {
  const { name: object, part, root, from, to } = pair;
  if (!from && !to) return [];
  if (!from || !to || from.kind !== to.kind || groupOf(from) !== groupOf(to)) {
    return [{ object, part, path: '', keys: [], ...kindOf('from', from), ...kindOf('to', to) }];
  }
  return specChanges(part, rootValue(from, root), rootValue(to, root)).map((change) => ({
    ...change,
    object,
    part,
    path: pointer([...root, ...change.keys]),
  }));
}

function specChanges(part: Part, before: JsonValue | undefined, after: JsonValue | undefined): Change[] {
  if (part !== 'machine') return changesBetween(before, after);
  return MACHINE_FIELDS.flatMap((field) =>
    changesBetween(member(before, field), member(after, field)).map((change) => ({
      ...change,
      keys: [field, ...change.keys],
    })),
  );
}

function kindOf(side: 'from' | 'to', object: ObjectPair['from']): Partial<Change> {
  return object ? { [side]: { apiVersion: object.apiVersion, kind: object.kind } } : {};
}
