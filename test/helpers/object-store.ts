// The data behind api-server.ts: objects by collection and name, versions, and the history that watches replay.
import { randomUUID } from 'node:crypto';
import { canonicalJson, isObject, type JsonObject, type JsonValue } from '../../src/api/json.ts';
import { at, list, text, texts } from '../../src/kubernetes/fields.ts';

export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  constructor(code: number, reason: string, message: string) {
    super(message);
    this.code = code;
    this.reason = reason;
  }
}

/** `collection` is a path without namespace, as `/apis/argoproj.io/v1alpha1/workflows`. */
export interface Place {
  collection: string;
  namespace: string;
  name: string;
}

export interface HistoryEntry extends Place {
  version: number;
  before?: JsonObject;
  after?: JsonObject;
}

export class ObjectStore {
  version = 100;
  /** Watches from before this version get 410. */
  oldest = 0;
  readonly history: HistoryEntry[] = [];
  readonly #objects = new Map<string, JsonObject>();
  readonly #listeners = new Set<(entry: HistoryEntry) => void>();

  onChange(listener: (entry: HistoryEntry) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get(place: Place): JsonObject | undefined {
    return this.#objects.get(id(place));
  }

  /** In the order of their names; an empty namespace is all of them. */
  list(collection: string, namespace: string): JsonObject[] {
    const prefix = namespace === '' ? `${collection} ` : `${collection} ${namespace}/`;
    return [...this.#objects.keys()]
      .filter((key) => key.startsWith(prefix))
      .sort()
      .map((key) => this.#objects.get(key) as JsonObject);
  }

  create(place: Place, object: JsonObject): JsonObject {
    if (this.get(place))
      throw new ApiError(409, 'AlreadyExists', `${place.collection} "${place.name}" already exists`);
    const metadata = {
      ...(at(object, 'metadata') as JsonObject),
      uid: text(object, 'metadata', 'uid') ?? randomUUID(),
      creationTimestamp: '2026-01-01T00:00:00Z',
      generation: 1,
    };
    return this.#write(place, { ...object, metadata });
  }

  /** JSON merge patch (RFC 7386); a resourceVersion in it is a precondition. */
  patch(place: Place, patch: JsonObject): JsonObject {
    const before = this.#existing(place);
    const expected = text(patch, 'metadata', 'resourceVersion');
    if (expected !== undefined && expected !== text(before, 'metadata', 'resourceVersion')) {
      const message = `Operation cannot be fulfilled on "${place.name}": the object has been modified`;
      throw new ApiError(409, 'Conflict', message);
    }
    const after = merge(before, patch) as JsonObject;
    const metadata = at(after, 'metadata') as JsonObject;
    if (canonicalJson(after) === canonicalJson(before)) return before;
    if (canonicalJson(at(after, 'spec') ?? null) !== canonicalJson(at(before, 'spec') ?? null)) {
      metadata['generation'] = Number(metadata['generation'] ?? 0) + 1;
    }
    if (metadata['deletionTimestamp'] !== undefined && list(metadata, 'finalizers').length === 0) {
      return this.#remove(place, after);
    }
    return this.#write(place, after);
  }

  /** An object with finalizers is only marked. */
  delete(place: Place, uid?: string): JsonObject {
    const before = this.#existing(place);
    if (uid !== undefined && uid !== text(before, 'metadata', 'uid')) {
      throw new ApiError(409, 'Conflict', `Precondition failed: UID of "${place.name}" is another one`);
    }
    if (list(before, 'metadata', 'finalizers').length === 0) return this.#remove(place, before);
    return this.patch(place, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
  }

  #existing(place: Place): JsonObject {
    const object = this.get(place);
    if (!object) throw new ApiError(404, 'NotFound', `${place.collection} "${place.name}" not found`);
    return object;
  }

  #write(place: Place, object: JsonObject): JsonObject {
    const before = this.get(place);
    this.version += 1;
    const after = withVersion(object, this.version);
    this.#objects.set(id(place), after);
    this.#tell({ ...place, version: this.version, ...(before ? { before } : {}), after });
    return after;
  }

  #remove(place: Place, last: JsonObject): JsonObject {
    this.version += 1;
    this.#objects.delete(id(place));
    this.#tell({ ...place, version: this.version, before: withVersion(last, this.version) });
    return last;
  }

  #tell(entry: HistoryEntry): void {
    this.history.push(entry);
    for (const listener of this.#listeners) listener(entry);
  }
}

/** Selectors of the forms `key=value` and `key`, joined by commas. */
export function matches(object: JsonObject, selector: string): boolean {
  const labels = texts(object, 'metadata', 'labels');
  return selector
    .split(',')
    .filter((term) => term !== '')
    .every((term) => {
      const [key = '', value] = term.split(/==?/);
      return value === undefined ? key in labels : labels[key] === value;
    });
}

/** What a watch with that selector sees: an object that no longer matches is gone for it. */
export function eventOf(
  { version, before, after }: HistoryEntry,
  selector: string,
): { type: string; object: JsonObject } | undefined {
  const [was, is] = [before && matches(before, selector), after && matches(after, selector)];
  if (after && is) return { type: was ? 'MODIFIED' : 'ADDED', object: after };
  if (!before || !was) return undefined;
  return {
    type: 'DELETED',
    object: withVersion(before, version),
  };
}

function id({ collection, namespace, name }: Place): string {
  return `${collection} ${namespace}/${name}`;
}

function withVersion(object: JsonObject, version: number): JsonObject {
  const metadata = { ...(at(object, 'metadata') as JsonObject), resourceVersion: String(version) };
  return { ...object, metadata };
}

/** RFC 7386. */
export function merge(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return patch;
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = merge(merged[key], value);
  }
  return merged;
}
