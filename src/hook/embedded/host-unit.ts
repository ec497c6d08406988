// The node's own unit: does its list of steps in order, whether anybody waits for them or not.
import { StatusError } from '../../api/errors.ts';
import type { ListedStep } from '../../api/host-plan.ts';
import type { FlipStep, StepName } from '../../api/steps.ts';

export type UnitResult<T> = { outcome: T } | { error: unknown };

export interface HostUnit<T> {
  operation: string;
  /** Ends it before its next step. */
  cancel(): void;
  /** The node is drained: the step that waits for that may begin. */
  goOn(): void;
  /** Of one step of the list, once it ended or will not begin; undefined: not in the list. */
  result(step: StepName): Promise<UnitResult<T>> | undefined;
  isWorking(): boolean;
  /** Resolves when nothing of it runs any more. */
  ended: Promise<void>;
}

export function startHostUnit<T>(
  operation: string,
  steps: readonly ListedStep[],
  perform: (step: FlipStep) => Promise<T>,
): HostUnit<T> {
  const results = new Map<StepName, PromiseWithResolvers<UnitResult<T>>>(
    steps.map(({ name }) => [name, Promise.withResolvers<UnitResult<T>>()]),
  );
  const drained = Promise.withResolvers<void>();
  let refusal: string | undefined;
  let working = true;

  async function run(): Promise<void> {
    for (const { name, waitSeconds } of steps) {
      if (refusal === undefined && waitSeconds !== undefined) await drained.promise;
      results.get(name)?.resolve(await resultOf(name));
    }
    working = false;
  }

  async function resultOf(step: FlipStep): Promise<UnitResult<T>> {
    if (refusal !== undefined)
      return { error: new StatusError(`not begun: ${refusal}`, { reason: 'Failed' }) };
    try {
      return { outcome: await perform(step) };
    } catch (error) {
      refusal = `step ${step} failed on the node`;
      return { error };
    }
  }

  return {
    operation,
    cancel: () => {
      refusal ??= 'the operation was told to stop';
      drained.resolve();
    },
    goOn: () => drained.resolve(),
    result: (step) => results.get(step)?.promise,
    isWorking: () => working,
    ended: run(),
  };
}
