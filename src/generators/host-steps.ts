// What the node does by itself: the list that is handed to it.
import { writeStepList } from '../api/step-list.ts';
import type { ListedStep } from '../api/host-plan.ts';
import type { Policy } from '../api/policy.ts';
import { isFlipStep } from '../api/steps.ts';
import type { Plan } from '../plan/types.ts';

/** On top of the drain's own time: for lost pods, and for an API server that is away. */
const WAIT_SLACK_SECONDS = 1200;

/** In order; the first one behind `drain` waits for it. */
export function hostSteps(plan: Plan, policy: Policy): ListedStep[] {
  const names = plan.steps.map(({ name }) => name);
  const [waiting] = names.slice(names.indexOf('drain') + 1).filter(isFlipStep);
  const waitSeconds = policy.timeouts.drain + WAIT_SLACK_SECONDS;
  return names.filter(isFlipStep).map((name) => ({
    name,
    timeoutSeconds: policy.timeouts[name],
    ...(names.includes('drain') && name === waiting ? { waitSeconds } : {}),
  }));
}

/** As the steps are given it. */
export function hostStepList(plan: Plan, policy: Policy): string {
  return writeStepList(hostSteps(plan, policy));
}
