// kube-vip as a static pod: the address of several control planes is on the node that leads. Told to end, it gives the address
// and its lease away at once; without an API server beside it, only when the lease is over.
import { StatusError } from '../../../api/errors.ts';
import { awaitNoProblems } from '../../host/effect.ts';
import type { Host } from '../../host/host.ts';
import { endCommand, processesNamed, processWords, type Process } from '../static-pod-processes.ts';
import { KUBE_VIP, readStaticPod, type StaticPod } from '../static-pods.ts';

const END_SECONDS = 3;
const LOOK_SECONDS = 0.1;

/** undefined: none, or one that cannot be read, which is left alone. */
export async function readKubeVip(host: Host): Promise<StaticPod | undefined> {
  try {
    return await readStaticPod(host, KUBE_VIP);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    host.log(`${KUBE_VIP}: left alone: ${error.message}`);
    return undefined;
  }
}

/**
 * While the kubelet is stopped, which starts it again later. Never killed: the address would stay on the node. If it does not
 * end, it goes as without this: nothing is lost but time.
 */
export async function handOverAddress(host: Host): Promise<void> {
  const environment = Object.entries((await readKubeVip(host))?.environment ?? {});
  for (const process of await kubeVipProcesses(host, environment)) {
    host.log(`${KUBE_VIP}: SIGTERM to process ${process.pid}: another control plane takes its address`);
    await host.run(endCommand(process));
  }
  const look = async (): Promise<string[]> =>
    (await kubeVipProcesses(host, environment)).map(({ pid }) => `process ${pid} runs`);
  const deadline = host.clock.monotonic() + END_SECONDS;
  const waiting = { deadline, pollSeconds: LOOK_SECONDS, signal: undefined };
  const left = await awaitNoProblems(host, KUBE_VIP, look, waiting);
  if (left.length > 0) host.log(`${KUBE_VIP}: runs still after ${END_SECONDS} s`);
}

/** Its manifest gives it what it does in its environment: clusters hosted on this node have other addresses. */
async function kubeVipProcesses(
  host: Host,
  environment: readonly (readonly [string, string])[],
): Promise<Process[]> {
  if (environment.length === 0) return [];
  return processesNamed(host, KUBE_VIP, async (pid) => {
    const words = await processWords(host, pid, 'environ');
    return environment.every(([name, value]) => words.includes(`${name}=${value}`));
  });
}
