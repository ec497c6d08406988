// `refit plan`: the decision on one request, from the file and the policy alone.
import { stringify } from 'yaml';
import { EXIT } from '../../api/commands.ts';
import { decodeRequest, parseRequest } from '../../api/decode.ts';
import { StatusError } from '../../api/errors.ts';
import {
  failure,
  HOOKS_API_VERSION,
  type HookName,
  type UpdateMachineRequest,
  type UpdateRequest,
} from '../../api/hooks.ts';
import { isObject } from '../../api/json.ts';
import type { Policy } from '../../api/policy.ts';
import { HOOKS } from '../../hook/hooks.ts';
import { waitingForArgo } from '../../hook/progress.ts';
import { canUpdateResponse } from '../../plan/answer.ts';
import { decideCanUpdate, planUpdate } from '../../plan/decide.ts';
import { readPolicy, readText } from '../config.ts';
import type { Io } from '../io.ts';
import { planTable, withoutPatchContents, type PlanOutput } from '../plan-output.ts';
import type { PlanFlags } from '../flags.ts';

export async function plan(flags: PlanFlags, io: Io): Promise<number> {
  const fromFile = await readPolicy(io, flags.policy);
  const policy = flags.onUncovered === undefined ? fromFile : { ...fromFile, onUncovered: flags.onUncovered };
  const text = await readText(io, flags.filename);
  const { output, code } = decideOn(text, policy);
  switch (flags.output) {
    case 'json':
      io.out(`${JSON.stringify(output, null, 2)}\n`);
      break;
    case 'yaml':
      io.out(stringify(withoutPatchContents(output)));
      break;
    case 'table':
      io.out(planTable(output, io.hasColour));
  }
  if (code !== EXIT.done) io.err(`refit: ${output.reason}\n`);
  return code;
}

function decideOn(text: string, policy: Policy): { output: PlanOutput; code: number } {
  let hook: HookName = 'CanUpdateMachine';
  let decoded: UpdateRequest;
  try {
    const body = parseRequest(text);
    hook = hookOf(body) ?? hook;
    decoded = decodeRequest(body);
  } catch (error) {
    return { output: rejected(hook, error), code: EXIT.badInput };
  }
  try {
    const output =
      decoded.hook === 'UpdateMachine' ? updateOutput(decoded, policy) : canUpdateOutput(decoded, policy);
    return { output, code: EXIT.done };
  } catch (error) {
    return { output: rejected(hook, error), code: EXIT.done };
  }
}

function canUpdateOutput(request: Exclude<UpdateRequest, UpdateMachineRequest>, policy: Policy): PlanOutput {
  const decision = decideCanUpdate(request, policy, { admission: 'open' });
  const { reason, differences, steps } = decision;
  return {
    decision: decision.decision,
    reason,
    differences,
    steps,
    response: canUpdateResponse(request.hook, decision),
  };
}

/** UpdateMachine shows no current state: every step that may have work, and the answer of the first call. */
function updateOutput(request: UpdateMachineRequest, policy: Policy): PlanOutput {
  const { steps, kubernetes } = planUpdate(request, policy, { admission: 'open' });
  const response = {
    apiVersion: HOOKS_API_VERSION,
    kind: 'UpdateMachineResponse',
    status: 'Success',
    ...waitingForArgo(1),
  } as const;
  return { decision: 'accept', reason: `bring the node to ${kubernetes}`, differences: [], steps, response };
}

function rejected(hook: HookName, error: unknown): PlanOutput {
  if (!(error instanceof StatusError)) throw error;
  const response = failure(hook, error.message);
  return { decision: 'reject', reason: error.message, differences: [], steps: [], response };
}

function hookOf(body: unknown): HookName | undefined {
  const kind = isObject(body) ? body['kind'] : undefined;
  return HOOKS.find(({ hook }) => kind === `${hook}Request`)?.hook;
}
