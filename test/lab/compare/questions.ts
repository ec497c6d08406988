// Recorded CanUpdateMachine requests that Refit accepts, and what an answer to them is worth.
import { hookPath, HOOKS } from '../../../src/hook/hooks.ts';
import type { CanUpdateRequest } from '../../../src/api/hooks.ts';
import { isObject, type JsonObject, type JsonValue, member } from '../../../src/api/json.ts';
import type { Policy } from '../../../src/api/policy.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { decideCanUpdate } from '../../../src/plan/decide.ts';
import type { Decision, PatchOperation } from '../../../src/plan/types.ts';
import { stillDifferent } from '../../helpers/json-patch.ts';
import {
  canUpdate,
  imageMap,
  NO_FACTS,
  policyOf,
  recorded,
  recordedText,
  recordings,
} from '../../helpers/requests.ts';

export interface Question {
  recording: string;
  /** CAPI's test extension has it under the same path. */
  path: string;
  body: string;
  request: CanUpdateRequest;
}

/** Does an answer cover the whole change, so that CAPI would update in place, or only some of it? */
export type Coverage = 'whole' | 'part';

/** Wide, so that there is as much to ask as possible. */
const CLAIMS = { files: ['/'], infrastructure: { DevMachine: ['/backend/inMemory'] } };

/** And the policy with which Refit accepts them. */
export function questions(): { questions: Question[]; policy: Policy } {
  const [row] = HOOKS;
  const path = row ? hookPath(row) : '';
  const all = recordings('-canupdatemachine-').map((recording) => ({
    recording,
    path,
    body: recordedText(recording),
    request: canUpdate(recorded(recording)),
  }));
  const versions = new Set(all.map(({ request }) => wantedVersion(request)));
  const policy = policyOf({ claims: CLAIMS, imageMap: imageMap(...versions) });
  const isAccepted = ({ request }: Question) =>
    decideCanUpdate(request, policy, NO_FACTS).decision === 'accept';
  return { questions: all.filter(isAccepted), policy };
}

/** Errors: an answer that is not Success, or that claims nothing. */
export function coverageOf(who: string, { recording, request }: Question, answer: string): Coverage {
  const body = JSON.parse(answer) as JsonObject;
  const patches = patchesOf(body);
  if (body['status'] !== 'Success' || Object.keys(patches).length === 0) {
    throw new Error(`${who} on ${recording}: got ${answer.slice(0, 300)}, expected Success with patches`);
  }
  return stillDifferent(request, patches).length === 0 ? 'whole' : 'part';
}

/** Those that change a spec: the Go extension also patches a status, and sends empty ones. */
function patchesOf(answer: JsonObject): Decision['patches'] {
  const entries = Object.entries(answer).filter(([name]) => name.endsWith('Patch'));
  const patches = entries.map(([name, value]) => {
    const operations = JSON.parse(decoded(value)) as PatchOperation[];
    return [name.replace(/Patch$/, ''), operations.filter(({ path }) => path.startsWith('/spec'))] as const;
  });
  return Object.fromEntries(patches.filter(([, operations]) => operations.length > 0));
}

function decoded(patch: JsonValue): string {
  const content = isObject(patch) ? member(patch, 'patch') : undefined;
  return Buffer.from(typeof content === 'string' ? content : '', 'base64').toString();
}

function wantedVersion(request: CanUpdateRequest): string {
  return request.hook === 'CanUpdateMachine' ? (text(request.desired.machine.spec, 'version') ?? '') : '';
}
