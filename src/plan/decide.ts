// The two questions CAPI asks, answered: may these differences be applied in place, and how is it done?
import { desiredHash } from '../api/desired-hash.ts';
import { badInput } from '../api/errors.ts';
import type { CanUpdateRequest, UpdateMachineRequest } from '../api/hooks.ts';
import type { Policy } from '../api/policy.ts';
import type { Role } from '../api/steps.ts';
import { isAboveApiServer, versionRefusal } from '../api/version.ts';
import { rejection } from './answer.ts';
import type { Claim } from './claim.ts';
import { claimContext, claimOf, recipeOf } from './claims.ts';
import { differences, isSeenByCapi, type FieldDifference } from './differences.ts';
import { roleOf, versionOf, versionsOf } from './objects.ts';
import { patchesOf } from './patches.ts';
import { shownSides } from './redact.ts';
import { missingRelease, releaseOf } from './release.ts';
import { planSteps, possibleWork, workOfClaims } from './steps.ts';
import type { Decision, Difference, Facts, Plan } from './types.ts';

/** Uncovered fields that a reason names: more than any real update has. */
const MAX_NAMED = 500;

const UNSEEN =
  'Cluster API compares specs only, and they are equal: it would not replace the machine but update it in place';

interface Judged {
  difference: FieldDifference;
  claim: Claim;
}

/**
 * The steps are those that the claimed differences need; they run only if the decision is to accept.
 * Errors: BadInput for more differences than any real request has.
 */
export function decideCanUpdate(request: CanUpdateRequest, policy: Policy, facts: Facts): Decision {
  const context = claimContext(request, policy, facts);
  const judged = differences(request).map((difference) => ({
    difference,
    claim: claimOf(difference, context),
  }));
  const found = { differences: judged.map(shown) };
  const { from, to } = versionsOf(request);
  const claims = judged.map(({ claim }) => claim).filter(({ verdict }) => verdict === 'claimed');
  const { role } = context;
  const work = workOfClaims(claims, from, { role, policy, release: releaseOf(policy, to) });
  const steps = claims.length === 0 ? [] : planSteps(role, policy.drain, work);
  const uncovered = judged.filter(({ claim }) => claim.verdict === 'uncovered');
  if (uncovered.length > 0 && policy.onUncovered === 'block') {
    return { decision: 'block', reason: notCovered(uncovered), steps, patches: {}, ...found };
  }
  // UpdateMachine would refuse it, when CAPI cannot go back any more; and no machine is replaced for a map's gap.
  const needsRelease = uncovered.length === 0 ? judged.length > 0 : isVersionClaimed(judged);
  const missing = needsRelease ? missingRelease(policy, to) : undefined;
  if (missing) return { ...rejection(missing), ...found };
  if (uncovered.length > 0 && !isSeenByCapi(request)) {
    return { decision: 'block', reason: `${notCovered(uncovered)}; ${UNSEEN}`, steps, patches: {}, ...found };
  }
  if (uncovered.length > 0) {
    const patches = replacePatches(request, judged);
    return { decision: 'replace', reason: notCovered(uncovered), steps, patches, ...found };
  }
  const reason = judged.length === 0 ? 'nothing differs' : 'every difference can be applied in place';
  return { decision: 'accept', reason, steps, patches: patchesOf(request, judged), ...found };
}

/** CAPI compares specs only: fully patched ones would be taken for a yes, although an object changes its kind. */
function replacePatches(request: CanUpdateRequest, judged: readonly Judged[]): Decision['patches'] {
  return judged.some(({ difference }) => difference.path === '') ? {} : patchesOf(request, judged);
}

function shown({ difference, claim: { verdict, reason } }: Judged): Difference {
  const { object, path } = difference;
  return { object, path, ...shownSides(difference), verdict, reason };
}

function isVersionClaimed(judged: readonly Judged[]): boolean {
  return judged.some(({ claim }) => claim.verdict === 'claimed' && claim.subject.kind === 'version');
}

/** "not covered in place: bootstrapConfig /spec/ntp/servers (why); machine /spec/version (why)" */
function notCovered(uncovered: readonly Judged[]): string {
  const texts = uncovered
    .slice(0, MAX_NAMED)
    .map(({ difference, claim }) => `${difference.object} ${difference.path || '/'} (${claim.reason})`);
  const more = uncovered.length > MAX_NAMED ? `; and ${uncovered.length - MAX_NAMED} more` : '';
  return `not covered in place: ${texts.join('; ')}${more}`;
}

/**
 * UpdateMachine shows only what is wanted, possibly something that CanUpdate never saw: what can be checked is
 * checked again. Errors: BadInput for what must not be obeyed.
 */
export function planUpdate(request: UpdateMachineRequest, policy: Policy, facts: Facts): Plan {
  const { bootstrapConfig, machine } = request.desired;
  if (!recipeOf(bootstrapConfig)) {
    throw badInput('desired.bootstrapConfig.kind', bootstrapConfig?.kind, 'KubeadmConfig');
  }
  const role = roleOf(request);
  const kubernetes = versionOf(machine);
  checkVersion(kubernetes, role, facts);
  const missing = missingRelease(policy, kubernetes);
  if (missing) throw missing;
  const release = releaseOf(policy, kubernetes);
  return {
    role,
    kubernetes,
    ...(release ? { release: release.name } : {}),
    hash: desiredHash(request),
    steps: planSteps(role, policy.drain, possibleWork({ role, policy, release })),
  };
}

function checkVersion(kubernetes: string, role: Role, { nodeVersion, apiServerVersion }: Facts): void {
  const field = 'desired.machine.spec.version';
  const refusal = nodeVersion === undefined ? undefined : versionRefusal(nodeVersion, kubernetes, field);
  if (refusal !== undefined) {
    throw badInput(field, kubernetes, `${nodeVersion} of the node or the next minor version: ${refusal}`);
  }
  if (role === 'worker' && apiServerVersion !== undefined && isAboveApiServer(kubernetes, apiServerVersion)) {
    throw badInput(field, kubernetes, `at most the minor version of the API server, ${apiServerVersion}`);
  }
}
