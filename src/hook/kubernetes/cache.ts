// Views of one kind of object, kept up to date by a reflector and by our own writes.
import type { JsonObject } from '../../api/json.ts';
import { text } from '../../kubernetes/fields.ts';
import { identity } from './views.ts';

export interface CacheOptions<V> {
  /** `previous` is the view so far of the object of that name. */
  reduce: (object: JsonObject, previous?: V) => V;
  /** After every change; when an object is gone, with its last view as both. */
  changed: (view: V, previous?: V) => void;
}

export interface Entry<V> {
  resourceVersion: string;
  view: V;
}

export class Cache<V> {
  /** Version up to which the cache follows the server; undefined: it must be listed. */
  resourceVersion: string | undefined;
  /** Was it ever complete? */
  listed = false;
  readonly #options: CacheOptions<V>;
  #entries = new Map<string, Entry<V>>();

  constructor(options: CacheOptions<V>) {
    this.#options = options;
  }

  get(namespace: string, name: string): V | undefined {
    return this.#entries.get(key(namespace, name))?.view;
  }

  *values(): Generator<V> {
    for (const { view } of this.#entries.values()) yield view;
  }

  /** Takes a page of a list; `entries` collects what `replace` is given in the end. */
  collect(entries: Map<string, Entry<V>>, object: JsonObject): void {
    const { namespace, name } = identity(object);
    entries.set(key(namespace, name), this.#entry(object));
  }

  /** The list is what is there: also after the server went back to a backup, where versions are lower than before. */
  replace(entries: Map<string, Entry<V>>, resourceVersion: string): void {
    const before = this.#entries;
    this.#entries = entries;
    this.resourceVersion = resourceVersion;
    this.listed = true;
    for (const [id, { view, resourceVersion: version }] of entries) {
      const previous = before.get(id);
      if (previous?.resourceVersion !== version) this.#options.changed(view, previous?.view);
    }
    for (const [id, { view }] of before) if (!entries.has(id)) this.#options.changed(view, view);
  }

  /** A watch event of type ADDED, MODIFIED, DELETED or BOOKMARK. */
  apply(type: string, object: JsonObject): void {
    const version = text(object, 'metadata', 'resourceVersion');
    this.resourceVersion = version ?? this.resourceVersion;
    if (type === 'DELETED') this.#remove(object);
    else if (type !== 'BOOKMARK') this.#put(object);
  }

  /** The answer to a write or a read of our own: ignored if the watch is past it (the object may be gone since). */
  put(object: JsonObject): void {
    const version = text(object, 'metadata', 'resourceVersion');
    if (this.resourceVersion === undefined || isNewer(version, this.resourceVersion)) this.#put(object);
  }

  #put(object: JsonObject): void {
    const { namespace, name } = identity(object);
    const id = key(namespace, name);
    const previous = this.#entries.get(id);
    const entry = this.#entry(object);
    if (previous && !isNewer(entry.resourceVersion, previous.resourceVersion)) return;
    this.#entries.set(id, entry);
    this.#options.changed(entry.view, previous?.view);
  }

  #remove(object: JsonObject): void {
    const { namespace, name } = identity(object);
    const id = key(namespace, name);
    const gone = this.#entries.get(id);
    // One of the same name, made after this one was deleted, may be here already.
    if (!gone || isNewer(gone.resourceVersion, text(object, 'metadata', 'resourceVersion') ?? '')) return;
    this.#entries.delete(id);
    this.#options.changed(gone.view, gone.view);
  }

  #entry(object: JsonObject): Entry<V> {
    const { namespace, name } = identity(object);
    const resourceVersion = text(object, 'metadata', 'resourceVersion') ?? '';
    return { resourceVersion, view: this.#options.reduce(object, this.get(namespace, name)) };
  }
}

function key(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Versions of one kind are decimal numbers that grow. */
function isNewer(version: string | undefined, than: string): boolean {
  if (version === undefined) return false;
  return version.length === than.length ? version > than : version.length > than.length;
}
