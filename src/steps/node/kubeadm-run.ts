// One run of `kubeadm upgrade node`, with what makes it repeatable.
import { StatusError } from '../../api/errors.ts';
import type { HostPlan } from '../../api/host-plan.ts';
import { step } from '../../api/steps.ts';
import { operationFolder } from '../host/folders.ts';
import type { Argv, Host } from '../host/host.ts';
import { lastLines } from '../host/output.ts';
import { awaitOwnApiServer } from './control-plane-health.ts';
import { hasteningKubelet } from './hasten-kubelet.ts';
import { kubeadmCommand, takesConfiguration, type KubeadmRun } from './kubeadm-command.ts';
import { putBackMissingManifests } from './kubeadm-files.ts';
import { proxyVariables } from './proxy-variables.ts';
import { manifestFile } from './static-pods.ts';
import { upgradeConfiguration } from './upgrade-configuration.ts';

/** Less is not worth another try. */
const SECONDS_FOR_ANOTHER = 60;
const MAX_OUTPUT = 400;

/** A run for this plan: a configuration file of its own in the operation's folder. */
export function kubeadmRun(
  plan: HostPlan,
  rest: Pick<KubeadmRun, 'kubeadm' | 'patchesDirectory' | 'ignorePreflightErrors'>,
): KubeadmRun {
  const configurationFile = `${operationFolder(plan.operation)}/upgrade-configuration.yaml`;
  return { ...rest, kubernetes: plan.kubernetes, role: plan.role, configurationFile };
}

/**
 * May be ended at any point and called again: kubeadm's own way to recover is to run once more. On control planes that is
 * done here, too, once and after a restart of the kubelet: kubeadm waits for the kubelet to show new static pods, and a
 * kubelet that missed them shows them then (kubeadm#2789). Errors: StatusError Failed.
 */
export async function runKubeadm(host: Host, plan: HostPlan, run: KubeadmRun): Promise<void> {
  const seconds = stepSeconds(plan);
  const end = host.clock.monotonic() + seconds;
  if (takesConfiguration(run.kubernetes)) {
    await host.files.write(run.configurationFile, upgradeConfiguration(run, seconds), { mode: 0o600 });
  }
  const argv = kubeadmCommand(run);
  const failure = await attempt(host, plan, argv, seconds);
  if (failure === undefined) return;
  const left = end - host.clock.monotonic();
  if (run.role !== 'control-plane' || left < SECONDS_FOR_ANOTHER) throw failed(failure);
  host.log(`kubeadm upgrade node: ${failure}`);
  host.log('kubeadm upgrade node: once more, after a restart of the kubelet');
  const { code, stderr } = await host.run(['systemctl', 'restart', 'kubelet']);
  if (code !== 0) throw failed(`${failure}; systemctl restart kubelet: ${lastLines(stderr, MAX_OUTPUT)}`);
  const again = await attempt(host, plan, argv, left);
  if (again !== undefined) throw failed(again);
}

/** undefined: it went well. */
async function attempt(
  host: Host,
  { operation, role, kubernetes }: HostPlan,
  argv: Argv,
  timeoutSeconds: number,
): Promise<string | undefined> {
  for (const path of await putBackMissingManifests(host, operation))
    host.log(`${path}: was missing, put back`);
  const apiServer = manifestFile('kube-apiserver');
  if (role === 'control-plane') {
    if ((await host.files.status(apiServer)) === undefined)
      throw failed(`${apiServer}: absent: kubeadm would take this control plane for a worker`);
    await awaitOwnApiServer(host);
  }
  const onLine = (line: string): void => host.log(`  ${line}`);
  const env = await proxyVariables(host);
  const work = () => host.run(argv, { timeoutSeconds, onLine, env });
  const { code, stdout, stderr } = await (role === 'worker'
    ? work()
    : hasteningKubelet(host, kubernetes, work));
  if (code === 0) return undefined;
  // What follows is an advice to log more, which may be secrets.
  const output = (stderr.trim() === '' ? stdout : stderr).replace(/^To see the stack trace.*$/m, '');
  return `exit code: got ${code}, expected 0: ${lastLines(output, MAX_OUTPUT)}`;
}

function stepSeconds({ steps }: HostPlan): number {
  return steps.find(({ name }) => name === 'kubeadm')?.timeoutSeconds ?? step('kubeadm').timeoutSeconds;
}

function failed(why: string): StatusError {
  return new StatusError(`kubeadm upgrade node: ${why}`, { reason: 'Failed' });
}
