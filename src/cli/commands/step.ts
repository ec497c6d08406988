// `refit step NAME`: one step of an operation, in a pod of its Workflow or by hand.
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { StepCommand } from '../../api/commands.ts';
import { IMAGE_MAP_KEY, KUBECONFIG_KEY } from '../../api/install.ts';
import { createApiClient } from '../../kubernetes/api-client.ts';
import { connect } from '../../kubernetes/connect.ts';
import type { StepFlags } from '../../steps/api/api-step.ts';
import { API_STEPS } from '../../steps/api/api-steps.ts';
import { followingClient } from '../../steps/launcher/following-client.ts';
import { runStep, type StepEnd, type StepTools } from '../../steps/launcher/run-step.ts';
import { isSameCluster } from '../../steps/launcher/self-hosted.ts';
import { stepFlags } from '../../steps/launcher/step-flags.ts';
import { writeOutputs } from '../../steps/launcher/write-outputs.ts';
import { systemClock } from '../clock.ts';
import { readText } from '../config.ts';
import type { StepOptions } from '../flags.ts';
import type { Io } from '../io.ts';

/** The kubelet shows it as the message of the pod, and Argo as that of the task; longer ones are cut there. */
const TERMINATION_LOG = '/dev/termination-log';

export async function step(command: StepCommand, options: StepOptions, io: Io): Promise<number> {
  const flags = stepFlags(options);
  const clock = systemClock();
  const managementConfig = connect(options.kubeconfig);
  const management = createApiClient(managementConfig, clock);
  const workload = followingClient(path.join(options.kubeconfigFolder, KUBECONFIG_KEY), clock);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGTERM', onSignal).once('SIGINT', onSignal);
  try {
    return await performStep(command, flags, {
      management,
      workload,
      clock,
      // One stream: two would reach the log in any order, and the last line counts.
      log: (line) => io.out(`${line}\n`),
      signal: stop.signal,
      readImageMap: () => readText(io, path.join(options.imageMapFolder, IMAGE_MAP_KEY)),
      isSelfHosted: async () => isSameCluster(managementConfig, await workload.kubeConfig()),
      leaveOutputs: (end) => writeOutputs(options.outputFolder, command, end),
      leaveReason: writeTerminationMessage,
    });
  } finally {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    await Promise.all([management.close(), workload.close()]);
  }
}

/** The pod of a step, or whatever stands for one. */
export interface StepPod extends Omit<StepTools, 'apiSteps'> {
  leaveOutputs(end: StepEnd): Promise<void>;
  /** Of a failure. */
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

/** Without it Argo would show the end of the log, from somewhere in the middle. By hand there is no such file. */
async function writeTerminationMessage(message: string): Promise<void> {
  try {
    const file = await open(TERMINATION_LOG, 'r+');
    await file.writeFile(message);
    await file.close();
  } catch {
    // The message is the last line of the log, too.
  }
}
