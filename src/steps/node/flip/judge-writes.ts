// Is anything lost when etcd's data go back to where they were? Pure.
import type { KeyWrite } from './key-writes.ts';
import { changesOnlyStatus } from './node-object.ts';

/** The API server's default for --etcd-prefix. With another one no key is known, and nothing is ever put back. */
const PREFIX = '/registry/';

/**
 * What is made anew by whoever wrote it, or tells only of the past. API servers keep their own leases beside those of the
 * API; compact_rev_key is their note on etcd's history, no object.
 */
const SHORT_LIST: readonly RegExp[] = [
  /^\/registry\/leases\//,
  /^\/registry\/masterleases\//,
  /^\/registry\/events\//,
  /^compact_rev_key$/,
];
const NODES = /^\/registry\/minions\//;

/** Kinds of objects with the number of writes, like `configmaps (2)`, sorted; empty: nothing is lost. Names are not told. */
export function lostKinds(writes: readonly KeyWrite[]): string[] {
  const counts = new Map<string, number>();
  for (const write of writes.filter((each) => !isHarmless(each))) {
    const kind = kindOf(write.key);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${kind} (${count})`).sort();
}

function isHarmless({ key, before, after }: KeyWrite): boolean {
  if (SHORT_LIST.some((pattern) => pattern.test(key))) return true;
  return NODES.test(key) && before !== undefined && after !== undefined && changesOnlyStatus(before, after);
}

/** `/registry/<resource>/...` or `/registry/<group>/<resource>/...`; groups of Kubernetes' own have no part in it. */
function kindOf(key: string): string {
  if (!key.startsWith(PREFIX)) return 'other keys';
  const [first = '', second = ''] = key.slice(PREFIX.length).split('/');
  if (first === 'minions') return 'nodes';
  return first.includes('.') ? `${second}.${first}` : first;
}
