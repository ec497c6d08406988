// The node's own unit: does its list of steps in order, whether anybody waits for them or not.
import { StatusError } from '../../api/errors.ts';
import type { StepName } from '../../api/steps.ts';

export type UnitResult<T> = { outcome: T } | { error: unknown };

export interface HostUnit<T> {
  operation: string;
  /** Ends it before its next step. */
  cancel(): void;
  /** Of one step of the list, once it ended or will not begin; undefined: not in the list. */
  result(step: StepName): Promise<UnitResult<T>> | undefined;
  isWorking(): boolean;
  /** Resolves when nothing of it runs any more. */
  ended: Promise<void>;
}

export function startHostUnit<T>(
  operation: string,
  steps: readonly StepName[],
  perform: (step: StepName) => Promise<T>,
): HostUnit<T> {
  const results = new Map(steps.map((step) => [step, Promise.withResolvers<UnitResult<T>>()]));
  let refusal: string | undefined;
  let working = true;

  async function run(): Promise<void> {
    for (const [step, { resolve }] of results) {
      if (refusal !== undefined) {
        resolve({ error: new StatusError(`not begun: ${refusal}`, { reason: 'Failed' }) });
        continue;
      }
      try {
        resolve({ outcome: await perform(step) });
      } catch (error) {
        resolve({ error });
        refusal = `step ${step} failed on the node`;
      }
    }
    working = false;
  }

  return {
    operation,
    cancel: () => {
      refusal ??= 'the operation was told to stop';
    },
    result: (step) => results.get(step)?.promise,
    isWorking: () => working,
    ended: run(),
  };
}
