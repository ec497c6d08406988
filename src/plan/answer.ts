// A decision as CAPI gets it.
import type { StatusError } from '../api/errors.ts';
import {
  failure,
  HOOKS_API_VERSION,
  type CanUpdateRequest,
  type CanUpdateResponse,
  type ObjectName,
  type Patch,
} from '../api/hooks.ts';
import type { Decision, PatchOperation } from './types.ts';

/** The exact answer: Failure keeps the machine as it is; Success lets CAPI update or, not fully patched, replace it. */
export function canUpdateResponse(hook: CanUpdateRequest['hook'], decision: Decision): CanUpdateResponse {
  if (decision.decision === 'block' || decision.decision === 'reject') return failure(hook, decision.reason);
  const patches = Object.entries(decision.patches) as [ObjectName, readonly PatchOperation[]][];
  return {
    apiVersion: HOOKS_API_VERSION,
    kind: `${hook}Response`,
    status: 'Success',
    ...Object.fromEntries(patches.map(([object, operations]) => [`${object}Patch`, patch(operations)])),
  };
}

function patch(operations: readonly PatchOperation[]): Patch {
  return { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(operations)).toString('base64') };
}

/** A request that cannot be decided: answered as Failure, so that no machine is replaced for it. */
export function rejection(error: StatusError): Decision {
  return { decision: 'reject', reason: error.message, differences: [], steps: [], patches: {} };
}
