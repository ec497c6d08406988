// Reports that no step made: what was not begun, refused or cut short. Pure.
import type { Clock } from '../../api/clock.ts';
import type { NodeCommand } from '../../api/commands.ts';
import type { StepReport, StepResult } from '../../api/step-result.ts';

interface Subject {
  operation: string;
  step: NodeCommand;
}

export function makeReport(
  { operation, step }: Subject,
  outcome: StepResult['outcome'],
  message: string,
  time: { clock: Clock; since?: Date },
): StepReport {
  const now = time.clock.now();
  const startedAt = time.since ?? now;
  const durationSeconds = Math.max(0, (now.getTime() - startedAt.getTime()) / 1000);
  return {
    result: {
      version: 1,
      ...{ step, operation, outcome, message },
      startedAt: startedAt.toISOString(),
      durationSeconds,
      changes: [],
    },
    outputs: {},
  };
}
