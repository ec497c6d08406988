// Reading of untyped objects: a field that is absent or of another type is undefined or empty.
import { isObject, member, type JsonObject, type JsonValue } from './json.ts';

type Value = JsonValue | undefined;

export function at(value: Value, ...keys: string[]): Value {
  return keys.reduce(member, value);
}

/** Empty text is absent: Go types write it so. */
export function text(value: Value, ...keys: string[]): string | undefined {
  const found = at(value, ...keys);
  return typeof found === 'string' && found !== '' ? found : undefined;
}

export function texts(value: Value, ...keys: string[]): Record<string, string> {
  const found = at(value, ...keys);
  const entries = isObject(found) ? Object.entries(found) : [];
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

export function list(value: Value, ...keys: string[]): readonly JsonValue[] {
  const found = at(value, ...keys);
  return Array.isArray(found) ? found : [];
}

/** A copy without a member. */
export function without(object: JsonObject, key: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== key));
}
