// What a pod of a Workflow finds around it: both API servers, the image map, where to leave a reason.
import { open } from 'node:fs/promises';
import path from 'node:path';
import { IMAGE_MAP_KEY, KUBECONFIG_KEY } from '../api/install.ts';
import { createApiClient } from '../kubernetes/api-client.ts';
import { connect } from '../kubernetes/connect.ts';
import { followingClient } from '../steps/launcher/following-client.ts';
import type { StepTools } from '../steps/launcher/run-step.ts';
import { isSameCluster } from '../steps/launcher/self-hosted.ts';
import { systemClock } from './clock.ts';
import { readText } from './config.ts';
import type { StepOptions } from './flags.ts';
import type { Io } from './io.ts';

/** The kubelet shows it as the message of the pod, and Argo as that of the task; longer ones are cut there. */
const TERMINATION_LOG = '/dev/termination-log';

export type Pod = Omit<StepTools, 'apiSteps'>;

/** Opens it for the work, which gives the exit code, and closes it. */
export async function inPod(
  options: Pick<StepOptions, 'kubeconfig' | 'kubeconfigFolder' | 'imageMapFolder'>,
  io: Io,
  work: (pod: Pod) => Promise<number>,
): Promise<number> {
  const clock = systemClock();
  const managementConfig = connect(options.kubeconfig);
  const management = createApiClient(managementConfig, clock);
  const workload = followingClient(path.join(options.kubeconfigFolder, KUBECONFIG_KEY), clock);
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.once('SIGTERM', onSignal).once('SIGINT', onSignal);
  try {
    return await work({
      management,
      workload,
      clock,
      // One stream: two would reach the log in any order, and the last line counts.
      log: (line) => io.out(`${line}\n`),
      signal: stop.signal,
      readImageMap: () => readText(io, path.join(options.imageMapFolder, IMAGE_MAP_KEY)),
      isSelfHosted: async () => isSameCluster(managementConfig, await workload.kubeConfig()),
    });
  } finally {
    process.off('SIGTERM', onSignal).off('SIGINT', onSignal);
    await Promise.all([management.close(), workload.close()]);
  }
}

/** Without it Argo would show the end of the log, from somewhere in the middle. By hand there is no such file. */
export async function writeTerminationMessage(message: string): Promise<void> {
  try {
    const file = await open(TERMINATION_LOG, 'r+');
    await file.writeFile(message);
    await file.close();
  } catch {
    // The message is the last line of the log, too.
  }
}
