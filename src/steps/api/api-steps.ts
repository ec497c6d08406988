import type { StepCommand } from '../../api/commands.ts';
import type { ApiStep } from './api-step.ts';
import { complete } from './complete.ts';
import { drain } from './drain.ts';
import { afterFinish } from './finish.ts';
import { afterPreflight, beforePreflight } from './preflight.ts';
import { protect } from './protect.ts';
import { afterRenewCertificates } from './renew-certificates.ts';
import { afterRollback, beforeRollback } from './rollback.ts';
import { uncordon } from './uncordon.ts';
import { afterVerify } from './verify.ts';

export interface ApiParts {
  /** Before the node is asked: may refuse. */
  before?: ApiStep;
  /** With what the node reported, if it was asked: the outcome is the step's. */
  after?: ApiStep;
}

/**
 * What steps do besides their work on the node, or instead of it. Their `workload` must not ask again by itself: an
 * eviction that a PodDisruptionBudget forbids is answered 429 (Unavailable), and each wait has its own bound.
 */
export const API_STEPS: ReadonlyMap<StepCommand, ApiParts> = new Map<StepCommand, ApiParts>([
  ['preflight', { before: beforePreflight, after: afterPreflight }],
  ['protect', { after: protect }],
  ['drain', { after: drain }],
  ['verify', { after: afterVerify }],
  ['uncordon', { after: uncordon }],
  ['complete', { after: complete }],
  ['finish', { after: afterFinish }],
  ['renew-certificates', { after: afterRenewCertificates }],
  ['rollback', { before: beforeRollback, after: afterRollback }],
]);
