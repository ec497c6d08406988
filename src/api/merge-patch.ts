// JSON Merge Patch (RFC 7386): the one that brings a value to another, and what one does to a value.
import { canonicalJson, isObject, type JsonObject, type JsonValue } from './json.ts';

/** Lists are replaced whole; an empty object: nothing differs. */
export function mergePatchBetween(from: JsonObject, to: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const key of Object.keys(from)) if (!Object.hasOwn(to, key)) patch[key] = null;
  for (const [key, value] of Object.entries(to)) {
    const before = Object.hasOwn(from, key) ? from[key] : undefined;
    if (isObject(before) && isObject(value)) {
      const nested = mergePatchBetween(before, value);
      if (Object.keys(nested).length > 0) patch[key] = nested;
    } else if (before === undefined || canonicalJson(before) !== canonicalJson(value)) {
      patch[key] = value;
    }
  }
  return patch;
}

/** A copy, patched. */
export function applyMergePatch(target: JsonValue | undefined, patch: JsonObject): JsonObject {
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = isObject(value) ? applyMergePatch(result[key], value) : value;
  }
  return result;
}
