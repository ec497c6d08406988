// How the steps of one Workflow ended, for those that begin behind others.
import { StatusError } from '../../api/errors.ts';
import type { StepName } from '../../api/steps.ts';

export type Outputs = Readonly<Record<string, string>>;

export interface StepEnds {
  /** Gives what the step gives. */
  told(step: string, work: Promise<Outputs>): Promise<Outputs>;
  /** The sum of the plan, when these have ended. Errors: StatusError when one did not end well. */
  planBehind(steps: readonly StepName[]): Promise<string>;
}

export function createStepEnds(): StepEnds {
  const ends = new Map<string, PromiseWithResolvers<Outputs>>();

  function endOf(step: string): PromiseWithResolvers<Outputs> {
    const end = ends.get(step) ?? Promise.withResolvers<Outputs>();
    ends.set(step, end);
    return end;
  }

  async function endedWell(step: StepName): Promise<Outputs> {
    try {
      return await endOf(step).promise;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      const { message, reason } = error;
      throw new StatusError(`not begun: step ${step}: ${message}`, { reason, cause: error });
    }
  }

  return {
    told(step, work) {
      const { promise, resolve } = endOf(step);
      resolve(work);
      // Perhaps nobody waits for it.
      promise.catch(() => undefined);
      return work;
    },
    async planBehind(steps) {
      const { 'plan-sha256': plan = '' } = await endedWell('stage');
      // Without a plan the others may have been skipped.
      for (const step of plan === '' ? (['protect'] as const) : steps) await endedWell(step);
      return plan;
    },
  };
}
