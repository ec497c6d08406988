// How the steps of one Workflow ended, for those that begin behind others.
import { StatusError } from '../../api/errors.ts';
import { NOT_BEGUN } from '../../api/step-result.ts';
import type { StepName } from '../../api/steps.ts';

export type Outputs = Readonly<Record<string, string>>;

export interface FoundBehind {
  /** Of preflight. */
  hasWork: boolean;
  /** Task arguments. */
  told: readonly (readonly [string, string])[];
}

export interface StepEnds {
  /** Gives what the step gives. */
  told(step: string, work: Promise<Outputs>): Promise<Outputs>;
  /** What a step behind these is told, when they have ended. Errors: StatusError when one did not end well. */
  behind(steps: readonly StepName[]): Promise<FoundBehind>;
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
      throw new StatusError(`${NOT_BEGUN}${step}: ${message}`, { reason, cause: error });
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
    async behind(steps) {
      const told: (readonly [string, string])[] = [];
      if (!steps.includes('preflight')) return { hasWork: true, told };
      const { work, drain = '', 'drain-first': first = '' } = await endedWell('preflight');
      told.push(['needed', drain], ['drain-first', first]);
      const hasWork = work === 'true';
      if (!steps.includes('stage')) return { hasWork, told };
      const { 'plan-sha256': plan = '' } = await endedWell('stage');
      // Without a plan the others have nothing to do.
      for (const step of plan === '' ? (['protect'] as const) : steps) await endedWell(step);
      return { hasWork, told: [...told, ['plan-sha256', plan]] };
    },
  };
}
