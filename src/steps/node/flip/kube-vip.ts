// kube-vip as a static pod: the address of several control planes is on the node that leads. Told to end, it gives the address
// and its lease away at once; without an API server beside it, only when the lease is over.
import { StatusError } from '../../../api/errors.ts';
import { awaitNoProblems, type Waiting } from '../../host/effect.ts';
import type { Host } from '../../host/host.ts';
import { urlHost } from '../../host/url-host.ts';
import { endCommand, processesNamed, processWords, type Process } from '../static-pod-processes.ts';
import { DEFAULT_SECURE_PORT, KUBE_VIP, readStaticPod, type StaticPod } from '../static-pods.ts';

const END_SECONDS = 3;
/** A lease that was not given away: 5 s as kube-vip advises, and a try of another control plane every 1 to 2.2 s. */
const TAKE_SECONDS = 10;
const LOOK_SECONDS = 0.1;
const ANSWER_SECONDS = 1;

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
 * While the kubelet is stopped, which starts it again later. Never killed: the address would stay on the node. The API server
 * and the member of etcd of this node go on until the address answers elsewhere: whoever takes it writes a lease, and a write
 * that is on its way to etcd's leader when that ends may wait for 7 s. If it comes to nothing, only time is lost.
 */
export async function handOverAddress(host: Host): Promise<void> {
  const given = (await readKubeVip(host))?.environment ?? {};
  const environment = Object.entries(given);
  const processes = await kubeVipProcesses(host, environment);
  if (processes.length === 0) return;
  for (const process of processes) {
    host.log(`${KUBE_VIP}: SIGTERM to process ${process.pid}: another control plane takes its address`);
    await host.run(endCommand(process));
  }
  const isRunning = async (): Promise<string[]> =>
    (await kubeVipProcesses(host, environment)).map(({ pid }) => `process ${pid} runs`);
  const left = await awaitNoProblems(host, KUBE_VIP, isRunning, within(host, END_SECONDS));
  if (left.length > 0) return host.log(`${KUBE_VIP}: runs still after ${END_SECONDS} s`);
  await untilElsewhere(host, given);
}

async function untilElsewhere(host: Host, environment: StaticPod['environment']): Promise<void> {
  // The second is the older name.
  const address = environment['address'] ?? environment['vip_address'];
  if (address === undefined) return;
  const url = `https://${urlHost(address)}:${environment['port'] ?? DEFAULT_SECURE_PORT}/readyz`;
  const ask = async (): Promise<string[]> => {
    // Any answer is one: nobody here has the address any more.
    await host.http({ url, tls: { ca: 'any' }, timeoutSeconds: ANSWER_SECONDS });
    return [];
  };
  const problems = await awaitNoProblems(host, KUBE_VIP, ask, within(host, TAKE_SECONDS));
  const end = problems.length === 0 ? 'another control plane has the address' : problems.join('; ');
  host.log(`${KUBE_VIP}: ${end}`);
}

function within({ clock }: Host, seconds: number): Waiting {
  return { deadline: clock.monotonic() + seconds, pollSeconds: LOOK_SECONDS, signal: undefined };
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
