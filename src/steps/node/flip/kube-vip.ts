// kube-vip as a static pod: the address of several control planes is on the node that leads. Told to end, it gives the address
// and its lease away at once; without an API server beside it, only when the lease is over.
import { StatusError } from '../../../api/errors.ts';
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
  const running = await kubeVipProcesses(host);
  for (const process of running) {
    host.log(`${KUBE_VIP}: SIGTERM to process ${process.pid}: another control plane takes its address`);
    await host.run(endCommand(process));
  }
  const end = host.clock.monotonic() + END_SECONDS;
  while ((await kubeVipProcesses(host)).length > 0) {
    if (host.clock.monotonic() >= end) return host.log(`${KUBE_VIP}: runs still after ${END_SECONDS} s`);
    await host.clock.sleep(LOOK_SECONDS);
  }
}

/** Its manifest gives it what it does in its environment: clusters hosted on this node have other addresses. */
async function kubeVipProcesses(host: Host): Promise<Process[]> {
  const environment = Object.entries((await readKubeVip(host))?.environment ?? {});
  if (environment.length === 0) return [];
  return processesNamed(host, KUBE_VIP, async (pid) => {
    const words = await processWords(host, pid, 'environ');
    return environment.every(([name, value]) => words.includes(`${name}=${value}`));
  });
}
