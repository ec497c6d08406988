// `refit step NAME`: one step of an operation, in a pod of its Workflow or by hand.
import type { StepCommand } from '../../api/commands.ts';
import type { StepFlags } from '../../steps/api/api-step.ts';
import { API_STEPS } from '../../steps/api/api-steps.ts';
import { runStep, type StepEnd, type StepTools } from '../../steps/launcher/run-step.ts';
import { stepFlags } from '../../steps/launcher/step-flags.ts';
import { writeOutputs } from '../../steps/launcher/write-outputs.ts';
import type { StepOptions } from '../flags.ts';
import type { Io } from '../io.ts';
import { inPod, writeTerminationMessage } from '../step-pod.ts';

export function step(command: StepCommand, options: StepOptions, io: Io): Promise<number> {
  const flags = stepFlags(options);
  return inPod(options, io, (pod) =>
    performStep(command, flags, {
      ...pod,
      leaveOutputs: (end) => writeOutputs(options.outputFolder, command, end),
      leaveReason: writeTerminationMessage,
    }),
  );
}

/** What a step's pod has around it. */
export interface StepPod extends Omit<StepTools, 'apiSteps'> {
  leaveOutputs(end: StepEnd): Promise<void>;
  /** For people, where they look first; only of a step that did not end well. */
  leaveReason(message: string): Promise<void>;
}

/** Gives the exit code. */
export async function performStep(command: StepCommand, flags: StepFlags, pod: StepPod): Promise<number> {
  const end = await runStep(command, flags, { ...pod, apiSteps: API_STEPS });
  await pod.leaveOutputs(end);
  if (end.code !== 0) await pod.leaveReason(end.result.message);
  pod.log(end.result.message);
  return end.code;
}
