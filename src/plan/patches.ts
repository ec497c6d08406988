// RFC 6902 patches that bring the claimed fields of the current objects to their wanted values.
import type { CanUpdateRequest } from '../api/hooks.ts';
import { isObject, member, pointer, type JsonValue } from '../api/json.ts';
import type { Key } from './entry-names.ts';
import type { Claim } from './claim.ts';
import type { FieldDifference } from './differences.ts';
import { objectPairs, rootValue } from './objects.ts';
import type { Decision, PatchOperation } from './types.ts';

interface Judged {
  difference: FieldDifference;
  claim: Claim;
}

/** Differences by place. */
interface Branch {
  beneath: Map<Key, Branch>;
  /** Everything at and beneath this place is claimed. */
  isCovered: boolean;
}

/** By object; only objects that have operations. Values are those of the request, uncopied. */
export function patchesOf(request: CanUpdateRequest, judged: readonly Judged[]): Decision['patches'] {
  const patches: Decision['patches'] = {};
  for (const { name, root, from, to } of objectPairs(request)) {
    const own = judged.filter(({ difference }) => difference.object === name && difference.path !== '');
    const operations: PatchOperation[] = [];
    collect(branchOf(own), pointer(root), rootValue(from, root), rootValue(to, root), operations);
    if (operations.length > 0) patches[name] = operations;
  }
  return patches;
}

function branchOf(judged: readonly Judged[]): Branch {
  const root = emptyBranch();
  for (const { difference, claim } of judged) {
    const isCovered = claim.verdict === 'claimed';
    let branch = root;
    branch.isCovered &&= isCovered;
    for (const key of difference.keys) {
      const next = branch.beneath.get(key) ?? emptyBranch();
      next.isCovered &&= isCovered;
      branch.beneath.set(key, next);
      branch = next;
    }
  }
  return root;
}

function emptyBranch(): Branch {
  return { beneath: new Map(), isCovered: true };
}

/**
 * Descends while both sides are objects. A list is replaced whole, and what one side has none of is added or
 * removed whole: only if every difference in it is claimed.
 */
function collect(
  branch: Branch,
  path: string,
  from: JsonValue | undefined,
  to: JsonValue | undefined,
  operations: PatchOperation[],
): void {
  if (isObject(from) && isObject(to)) {
    for (const [key, next] of branch.beneath) {
      const field = String(key);
      collect(next, `${path}${pointer([key])}`, member(from, field), member(to, field), operations);
    }
  } else if (branch.isCovered) {
    if (to === undefined) operations.push({ op: 'remove', path });
    else operations.push({ op: from === undefined ? 'add' : 'replace', path, value: to });
  }
}
