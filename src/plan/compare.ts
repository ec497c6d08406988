// Where two JSON values differ, strictly: absent, null, {} and [] are four different things.
import { badInput } from '../api/errors.ts';
import { isObject, member, type JsonValue } from '../api/json.ts';
import { entryNames, type Key } from './entry-names.ts';

/** The list entry (a file, an argument) that a change lies in, whole: as it is and as it is wanted. */
export interface Entry {
  from?: JsonValue;
  to?: JsonValue;
}

export interface Change {
  /** Index of a list entry: the wanted one, of a removed entry the current one. */
  keys: readonly Key[];
  from?: JsonValue;
  to?: JsonValue;
  entry?: Entry;
  /** Only the order of the list's entries changes. */
  order?: true;
}

/** No real update has as many; bounds the time and the answer that a hostile request can cost. */
const MAX_CHANGES = 10_000;

/** A place in the value, as a chain: cheap where nothing differs. */
interface Place {
  parent: Place | undefined;
  key: Key;
  entry: Entry | undefined;
}

/**
 * Every change, ordered by place. Objects are descended to their fields, also where one side has none of it;
 * an added or removed list entry and a list of scalars are one change each.
 * Errors: BadInput when there are absurdly many.
 */
export function changesBetween(from: JsonValue | undefined, to: JsonValue | undefined): Change[] {
  const changes: Change[] = [];
  compareValues(undefined, from, to, changes);
  return changes.sort((a, b) => compareKeys(a.keys, b.keys));
}

function compareValues(
  place: Place | undefined,
  from: JsonValue | undefined,
  to: JsonValue | undefined,
  changes: Change[],
): void {
  if (from === to) return;
  if (isObject(from ?? to) && isObject(to ?? from)) compareObjects(place, from, to, changes);
  else if (Array.isArray(from ?? to) && Array.isArray(to ?? from)) compareLists(place, from, to, changes);
  else add(changes, place, { from, to });
}

function compareObjects(
  place: Place | undefined,
  from: JsonValue | undefined,
  to: JsonValue | undefined,
  changes: Change[],
): void {
  const before = isObject(from) ? from : {};
  const after = isObject(to) ? to : {};
  const compareField = (key: string) => {
    const [a, b] = [member(before, key), member(after, key)];
    if (a !== b) compareValues({ parent: place, key, entry: place?.entry }, a, b, changes);
  };
  const keys = Object.keys(before);
  const added = Object.keys(after).filter((key) => !Object.hasOwn(before, key));
  keys.forEach(compareField);
  added.forEach(compareField);
  const oneSided = !(isObject(from) && isObject(to));
  if (oneSided && keys.length === 0 && added.length === 0) add(changes, place, { from, to });
}

function compareLists(
  place: Place | undefined,
  from: JsonValue | undefined,
  to: JsonValue | undefined,
  changes: Change[],
): void {
  const before = Array.isArray(from) ? from : [];
  const after = Array.isArray(to) ? to : [];
  if (!before.every(isScalar) || !after.every(isScalar)) {
    if (compareEntries(place, before, after, changes)) add(changes, place, { from, to, order: true });
    return;
  }
  const same = before.length === after.length && before.every((item, index) => item === after[index]);
  if (!same || !Array.isArray(from) || !Array.isArray(to)) add(changes, place, { from, to });
}

/** Returns whether entries that both lists have change their order. */
function compareEntries(
  place: Place | undefined,
  before: JsonValue[],
  after: JsonValue[],
  changes: Change[],
): boolean {
  const names = entryNames(place?.key, before, after);
  if (!names) {
    const length = Math.max(before.length, after.length);
    for (let index = 0; index < length; index += 1) {
      compareEntry(place, index, before[index], after[index], changes);
    }
    return false;
  }
  const wanted = new Set(names.after);
  names.before.forEach((name, index) => {
    if (!wanted.has(name)) compareEntry(place, index, before[index], undefined, changes);
  });
  const indexBefore = new Map(names.before.map((name, index) => [name, index]));
  let last = -1;
  let moved = false;
  names.after.forEach((name, index) => {
    const match = indexBefore.get(name);
    compareEntry(place, index, match === undefined ? undefined : before[match], after[index], changes);
    moved ||= match !== undefined && match < last;
    last = Math.max(last, match ?? -1);
  });
  return moved;
}

/** An entry that only one side has is one change: its fields only make sense together. */
function compareEntry(
  place: Place | undefined,
  index: number,
  from: JsonValue | undefined,
  to: JsonValue | undefined,
  changes: Change[],
): void {
  if (from === to) return;
  const inside = { parent: place, key: index, entry: place?.entry ?? sides(from, to) };
  if (from === undefined || to === undefined) add(changes, inside, { from, to });
  else compareValues(inside, from, to, changes);
}

function isScalar(value: JsonValue): boolean {
  return typeof value !== 'object' || value === null;
}

interface Sides {
  from: JsonValue | undefined;
  to: JsonValue | undefined;
  order?: true;
}

function add(changes: Change[], place: Place | undefined, { from, to, order }: Sides): void {
  if (changes.length === MAX_CHANGES) {
    throw badInput(
      'request',
      `over ${MAX_CHANGES} differences`,
      `at most ${MAX_CHANGES} between current and desired`,
    );
  }
  changes.push({
    keys: keysOf(place),
    ...sides(from, to),
    ...(place?.entry ? { entry: place.entry } : {}),
    ...(order ? { order } : {}),
  });
}

function sides(from: JsonValue | undefined, to: JsonValue | undefined): Entry {
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

function keysOf(place: Place | undefined): Key[] {
  const keys: Key[] = [];
  for (let at = place; at; at = at.parent) keys.push(at.key);
  return keys.reverse();
}

function compareKeys(a: readonly Key[], b: readonly Key[]): number {
  const different = a.findIndex((key, index) => key !== b[index]);
  const [x, y] = [a[different], b[different]];
  if (x === undefined || y === undefined) return a.length - b.length;
  if (typeof x === 'number' && typeof y === 'number') return x - y;
  return String(x) < String(y) ? -1 : 1;
}
