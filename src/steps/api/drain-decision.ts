// Has the node work, and must it be drained for it? Pure.
import type { DrainNeed } from '../../api/host-plan.ts';
import type { StepFlags } from './api-step.ts';

export interface DrainFacts {
  policy: StepFlags['drain'];
  /** As the node itself says. */
  hostHasWork: boolean;
  hostWantsDrain: DrainNeed;
  /** The operation that left the Node cordoned, if one of ours did. */
  leftCordonedBy: string | undefined;
  /** Another node could take its pods. */
  hasElsewhere: boolean;
}

export interface DrainDecision {
  work: boolean;
  drain: DrainNeed;
  /** For people. */
  notes: readonly string[];
}

export function decideDrain(facts: DrainFacts): DrainDecision {
  const { policy, hostHasWork, hostWantsDrain, leftCordonedBy, hasElsewhere } = facts;
  const wanted = !hostHasWork ? 'false' : policy === 'always' ? 'true' : hostWantsDrain;
  const isWanted = wanted !== 'false';
  return {
    work: hostHasWork,
    drain: policy !== 'never' && hasElsewhere ? wanted : 'false',
    notes: [
      hostHasWork ? 'there is work' : 'nothing to do on the node',
      ...(leftCordonedBy === undefined ? [] : [`left cordoned by ${leftCordonedBy}, until it is verified`]),
      ...(isWanted && policy === 'never'
        ? ['not drained, the policy says never: pods stay and are disturbed']
        : []),
      ...(isWanted && policy !== 'never' && !hasElsewhere
        ? ['not drained, no other node can take its pods: they stay and are disturbed']
        : []),
    ],
  };
}
