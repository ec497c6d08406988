// Which requests are kept as fixtures, and under which names: per story and hook the first, and each that asks for
// something new. CAPI asks the same hundreds of times.
import { decodeRequest } from '../../../src/api/decode.ts';
import { desiredHash } from '../../../src/api/desired-hash.ts';
import { StatusError } from '../../../src/api/errors.ts';
import { isObject, type JsonValue, member } from '../../../src/api/json.ts';
import { text } from '../../../src/kubernetes/fields.ts';

export interface Received {
  /** As in the path: `updatemachine`. */
  hook: string;
  body: JsonValue;
}

/** Where discovery is kept: it belongs to no story. */
export const DISCOVERY = 'discovery';

/** A path below the folder of fixtures for a request that is to be kept. */
export type Selection = (story: string, received: Received) => string | undefined;

export function createSelection(): Selection {
  const stories = new Map<string, { seen: Set<string>; subjects: Map<string, string> }>();
  return (story, { hook, body }) => {
    const { seen, subjects } = stories.get(story) ?? {
      seen: new Set<string>(),
      subjects: new Map<string, string>(),
    };
    stories.set(story, { seen, subjects });
    const what = `${hook} ${identity(hook, body)}`;
    if (seen.has(what)) return undefined;
    seen.add(what);
    const number = String(seen.size).padStart(2, '0');
    return `${story}/${[number, hook, ...aliasOf(body, subjects)].join('-')}.json`;
  };
}

/** The namespace that a request is about; undefined for discovery. */
export function namespaceOf(body: JsonValue): string | undefined {
  return text(subject(body)?.object, 'metadata', 'namespace');
}

/** What Refit cannot decode is worth keeping above all: once for each reason. */
function identity(hook: string, body: JsonValue): string {
  if (hook === DISCOVERY) return '';
  try {
    return desiredHash(decodeRequest(body));
  } catch (error) {
    if (error instanceof StatusError) return error.message;
    throw error;
  }
}

/** Real names are random: by number the same story has the same files in every run. */
function aliasOf(body: JsonValue, subjects: Map<string, string>): string[] {
  const found = subject(body);
  if (!found) return [];
  const name = `${found.kind} ${text(found.object, 'metadata', 'name')}`;
  const ofKind = [...subjects.keys()].filter((known) => known.startsWith(`${found.kind} `)).length;
  const alias = subjects.get(name) ?? `${found.kind}-${ofKind + 1}`;
  subjects.set(name, alias);
  return [alias];
}

function subject(body: JsonValue): { kind: 'machine' | 'machineset'; object: JsonValue } | undefined {
  const desired = isObject(body) ? member(body, 'desired') : undefined;
  const [machine, machineSet] = [member(desired, 'machine'), member(desired, 'machineSet')];
  if (machine !== undefined) return { kind: 'machine', object: machine };
  return machineSet === undefined ? undefined : { kind: 'machineset', object: machineSet };
}
