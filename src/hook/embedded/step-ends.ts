// How the steps of one Workflow ended, for those that begin behind others.
import { StatusError } from '../../api/errors.ts';
import type { StepName } from '../../api/steps.ts';

export type Outputs = Readonly<Record<string, string>>;

export interface StepEnds {
  /** Gives what the step gives. */
  told(step: string, work: Promise<Outputs>): Promise<Outputs>;
  /** When it has ended. Errors: StatusError when it did not end well. */
  of(step: StepName): Promise<Outputs>;
}

export function createStepEnds(): StepEnds {
  const ends = new Map<string, PromiseWithResolvers<Outputs>>();

  function endOf(step: string): PromiseWithResolvers<Outputs> {
    const end = ends.get(step) ?? Promise.withResolvers<Outputs>();
    ends.set(step, end);
    return end;
  }

  return {
    told(step, work) {
      const { promise, resolve } = endOf(step);
      resolve(work);
      // Perhaps nobody waits for it.
      promise.catch(() => undefined);
      return work;
    },
    async of(step) {
      try {
        return await endOf(step).promise;
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        const { message, reason } = error;
        throw new StatusError(`not begun: step ${step}: ${message}`, { reason, cause: error });
      }
    },
  };
}
