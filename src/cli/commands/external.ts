// `refit external NAME`: what an upgrade of an owner does besides the steps on its nodes, in a pod of its Workflow.
import type { ExternalCommand } from '../../api/external-commands.ts';
import { API_STEPS } from '../../steps/api/api-steps.ts';
import { externalFlags } from '../../steps/external/external-flags.ts';
import type { ExternalFlags } from '../../steps/external/external-step.ts';
import { EXTERNAL_STEPS } from '../../steps/external/external-steps.ts';
import { runExternal } from '../../steps/external/run-external.ts';
import type { StepOptions } from '../flags.ts';
import type { Io } from '../io.ts';
import { inPod, writeTerminationMessage } from '../step-pod.ts';
import type { StepPod } from './step.ts';

export function external(command: ExternalCommand, options: StepOptions, io: Io): Promise<number> {
  const flags = externalFlags(options);
  return inPod(options, io, (pod) =>
    performExternal(command, flags, { ...pod, leaveReason: writeTerminationMessage }),
  );
}

/** Gives the exit code. */
export async function performExternal(
  command: ExternalCommand,
  flags: ExternalFlags,
  pod: Omit<StepPod, 'leaveOutputs'>,
): Promise<number> {
  const tools = { ...pod, apiSteps: API_STEPS, externalSteps: EXTERNAL_STEPS };
  const { message, code } = await runExternal(command, flags, tools);
  if (code !== 0) await pod.leaveReason(message);
  pod.log(message);
  return code;
}
