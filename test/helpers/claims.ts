import type { JsonObject } from '../../src/api/json.ts';
import type { Claim } from '../../src/plan/claim.ts';
import { claimContext, claimOf } from '../../src/plan/claims.ts';
import { differences } from '../../src/plan/differences.ts';
import type { Facts } from '../../src/plan/types.ts';
import { canUpdate, NO_FACTS, policyOf } from './requests.ts';

/** The verdicts on the differences of a CanUpdate body. */
export function claims(body: JsonObject, policy = policyOf(), facts: Facts = NO_FACTS): Claim[] {
  const request = canUpdate(body);
  const context = claimContext(request, policy, facts);
  return differences(request).map((difference) => claimOf(difference, context));
}
