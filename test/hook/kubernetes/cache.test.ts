import { describe, expect, it } from '@jest/globals';
import { Cache, type Entry } from '../../../src/hook/kubernetes/cache.ts';
import { text } from '../../../src/kubernetes/fields.ts';

/** Views are `<name>@<version>`. */
function sample() {
  const changes: string[] = [];
  const cache = new Cache<string>({
    reduce: (object) => `${text(object, 'metadata', 'name')}@${text(object, 'metadata', 'resourceVersion')}`,
    changed: (view, previous) => changes.push(`${previous ?? 'nothing'} -> ${view}`),
  });
  return { cache, changes };
}

const object = (name: string, version: number) => ({
  metadata: { namespace: 'lab', name, resourceVersion: String(version) },
});

function listed(cache: Cache<string>, objects: ReturnType<typeof object>[], version: number): void {
  const entries = new Map<string, Entry<string>>();
  for (const item of objects) cache.collect(entries, item);
  cache.replace(entries, String(version));
}

describe('a write of our own', () => {
  it('is seen at once, and not told twice', () => {
    const { cache, changes } = sample();
    listed(cache, [object('a', 9)], 10);
    cache.put(object('a', 11));
    cache.apply('MODIFIED', object('a', 11));
    expect(cache.get('lab', 'a')).toBe('a@11');
    expect(changes).toEqual(['nothing -> a@9', 'a@9 -> a@11']);
  });

  it('is not undone by older events that are still on their way', () => {
    const { cache } = sample();
    listed(cache, [object('a', 9)], 9);
    cache.put(object('a', 11));
    cache.apply('MODIFIED', object('a', 10));
    expect(cache.get('lab', 'a')).toBe('a@11');
  });

  it('whose answer comes after the deletion was seen does not bring the object back', () => {
    const { cache } = sample();
    listed(cache, [object('a', 9)], 9);
    cache.apply('DELETED', object('a', 12));
    cache.put(object('a', 11));
    expect(cache.get('lab', 'a')).toBeUndefined();
  });

  it('made anew stays when the deletion of the old one is seen late', () => {
    const { cache } = sample();
    listed(cache, [object('a', 9)], 9);
    cache.put(object('a', 12));
    cache.apply('DELETED', object('a', 11));
    expect(cache.get('lab', 'a')).toBe('a@12');
  });
});

describe('versions', () => {
  it('are compared as numbers', () => {
    const { cache } = sample();
    listed(cache, [object('a', 99)], 99);
    cache.apply('MODIFIED', object('a', 100));
    expect(cache.get('lab', 'a')).toBe('a@100');
  });

  it('may go back in a list: the server was restored from a backup', () => {
    const { cache, changes } = sample();
    listed(cache, [object('a', 500)], 500);
    listed(cache, [object('a', 20)], 30);
    cache.apply('MODIFIED', object('a', 31));
    expect(cache.get('lab', 'a')).toBe('a@31');
    expect(changes).toHaveLength(3);
  });

  it('are moved on by bookmarks', () => {
    const { cache, changes } = sample();
    listed(cache, [], 10);
    cache.apply('BOOKMARK', { metadata: { resourceVersion: '50' } });
    expect(cache.resourceVersion).toBe('50');
    expect(changes).toEqual([]);
  });
});

describe('a list', () => {
  it('tells only of what differs', () => {
    const { cache, changes } = sample();
    listed(cache, [object('same', 1), object('changed', 2), object('gone', 3)], 3);
    changes.length = 0;
    listed(cache, [object('same', 1), object('changed', 5), object('new', 6)], 6);
    expect(changes).toEqual(['changed@2 -> changed@5', 'nothing -> new@6', 'gone@3 -> gone@3']);
    expect([...cache.values()]).toEqual(['same@1', 'changed@5', 'new@6']);
  });
});
