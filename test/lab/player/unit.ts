// The node's own unit: does its list of steps in order, whether anybody waits for them or not.
import type { Clock } from '../../../src/api/clock.ts';
import type { HostPlan } from '../../../src/api/host-plan.ts';
import { isBad, type StepReport } from '../../../src/api/step-result.ts';
import type { FlipStep } from '../../../src/api/steps.ts';
import { makeReport } from '../../../src/steps/operation/reports.ts';

export interface Unit {
  operation: string;
  /** undefined: not in its list. */
  report(step: string): Promise<StepReport> | undefined;
  /** Ends it before its next step. */
  cancel(): void;
  /** The node is drained: the step that waits for that may begin. */
  goOn(): void;
  isWorking(): boolean;
  ended: Promise<void>;
}

/** `perform` gives a report of a failure, too. */
export function startUnit(
  { operation, steps }: HostPlan,
  perform: (step: FlipStep) => Promise<StepReport>,
  clock: Clock,
): Unit {
  const reports = new Map(steps.map(({ name }) => [name as string, Promise.withResolvers<StepReport>()]));
  let bad: StepReport | undefined;
  let isCancelled = false;
  let isWorking = true;
  const drained = Promise.withResolvers<void>();

  function refusal(step: FlipStep): StepReport | undefined {
    if (bad === undefined && !isCancelled) return undefined;
    const [outcome, why] =
      bad?.result.outcome === 'failed'
        ? (['failed', `step ${bad.result.step} failed`] as const)
        : (['cancelled', 'the operation was told to stop'] as const);
    return makeReport({ operation, step }, outcome, `not begun: ${why}`, { clock });
  }

  async function run(): Promise<void> {
    for (const { name, waitSeconds } of steps) {
      if (bad === undefined && waitSeconds !== undefined) await drained.promise;
      const report = refusal(name) ?? (await perform(name));
      if (isBad(report)) bad ??= report;
      reports.get(name)?.resolve(report);
    }
    isWorking = false;
  }

  return {
    operation,
    report: (step) => reports.get(step)?.promise,
    cancel: () => {
      isCancelled = true;
      drained.resolve();
    },
    goOn: () => drained.resolve(),
    isWorking: () => isWorking,
    ended: run(),
  };
}
