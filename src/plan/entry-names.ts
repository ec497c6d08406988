// How the entries of a list are told apart: by their names where they have some.
import { member, type JsonValue } from '../api/json.ts';

/** Field of an object or index of a list. */
export type Key = string | number;

/** Lists whose entries have a name: matched by it, not by their place. */
const ENTRY_NAMES: ReadonlyMap<Key, readonly string[]> = new Map([
  ['files', ['path']],
  ['users', ['name']],
  ['extraArgs', ['name']],
  ['kubeletExtraArgs', ['name']],
  ['extraEnvs', ['name']],
  ['extraVolumes', ['name']],
  ['taints', ['key', 'effect']],
]);

/** What identifies each entry: its name, and which one of that name; undefined for lists matched by place. */
export function entryNames(
  list: Key | undefined,
  before: JsonValue[],
  after: JsonValue[],
): { before: string[]; after: string[] } | undefined {
  const fields = list === undefined ? undefined : ENTRY_NAMES.get(list);
  const isNamed = (entry: JsonValue) => fields?.every((field) => nameIn(entry, field) !== undefined);
  return fields && before.every(isNamed) && after.every(isNamed)
    ? { before: distinct(before, fields), after: distinct(after, fields) }
    : undefined;
}

function distinct(entries: JsonValue[], fields: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return entries.map((entry) => {
    const name = fields.map((field) => nameIn(entry, field)).join('\0');
    const occurrence = seen.get(name) ?? 0;
    seen.set(name, occurrence + 1);
    return `${occurrence}\0${name}`;
  });
}

function nameIn(entry: JsonValue, field: string): string | undefined {
  const name = member(entry, field);
  return typeof name === 'string' ? name : undefined;
}
