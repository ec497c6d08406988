// RFC 6902 as strict as Cluster API's library, and the comparison CAPI makes afterwards.
import { canonicalJson, isObject, member, type JsonObject, type JsonValue } from '../../src/api/json.ts';
import type { CanUpdateRequest } from '../../src/api/hooks.ts';
import { objectPairs, rootValue } from '../../src/plan/objects.ts';
import type { Decision, PatchOperation } from '../../src/plan/types.ts';
import { keysOf } from './requests.ts';

/** A patched copy. Throws where the library would. */
export function applyPatch(document: object, operations: readonly PatchOperation[]): JsonObject {
  const copy = JSON.parse(JSON.stringify(document)) as JsonObject;
  for (const operation of JSON.parse(JSON.stringify(operations)) as PatchOperation[]) {
    const keys = keysOf(operation.path);
    const last = keys.pop();
    const holder = keys.reduce<JsonValue | undefined>(memberOrItem, copy);
    if (last !== undefined && Array.isArray(holder)) applyToList(holder, last, operation);
    else if (last !== undefined && isObject(holder)) applyTo(holder, last, operation);
    else throw new Error(`nothing holds ${operation.path}`);
  }
  return copy;
}

function memberOrItem(holder: JsonValue | undefined, key: string): JsonValue | undefined {
  return Array.isArray(holder) ? holder[Number(key)] : member(holder, key);
}

function applyToList(list: JsonValue[], key: string, operation: PatchOperation): void {
  const index = key === '-' ? list.length : Number(key);
  const last = operation.op === 'add' ? list.length : list.length - 1;
  if (!(index >= 0 && index <= last)) throw new Error(`${operation.op} of nothing at ${operation.path}`);
  const items = operation.op === 'remove' ? [] : [operation.value];
  list.splice(index, operation.op === 'add' ? 0 : 1, ...items);
}

function applyTo(holder: JsonObject, key: string, operation: PatchOperation): void {
  const isThere = Object.hasOwn(holder, key);
  if (operation.op !== 'add' && !isThere) throw new Error(`${operation.op} of nothing at ${operation.path}`);
  if (operation.op === 'add' && isThere) throw new Error(`add over something at ${operation.path}`);
  if (operation.op === 'remove') delete holder[key];
  else
    Object.defineProperty(holder, key, {
      value: operation.value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
}

/** Objects that CAPI would still find different after the patches. */
export function stillDifferent(request: CanUpdateRequest, patches: Decision['patches']): string[] {
  return objectPairs(request)
    .filter(({ name, part, root, from, to }) => {
      if (!from || !to) return from !== to;
      const patched = applyPatch(from, patches[name] ?? []);
      const [got, want] = [root.reduce<JsonValue | undefined>(member, patched), rootValue(to, root)];
      return part === 'machine' ? machineText(got) !== machineText(want) : text(got) !== text(want);
    })
    .map(({ name }) => name);
}

function machineText(spec: JsonValue | undefined): string {
  return ['version', 'failureDomain'].map((field) => text(member(spec, field))).join();
}

function text(value: JsonValue | undefined): string {
  return value === undefined ? 'absent' : canonicalJson(value);
}
