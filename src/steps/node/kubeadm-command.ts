// How `kubeadm upgrade node` is called, by version. Read in kubeadm's source from 1.28 to 1.37. Pure.
import type { Role } from '../../api/steps.ts';
import { parseVersion } from '../../api/version.ts';
import type { Argv } from '../host/host.ts';

export interface KubeadmRun {
  /** The program. */
  kubeadm: string;
  /** Target, like v1.34.3: the version of kubeadm itself. */
  kubernetes: string;
  role: Role;
  patchesDirectory: string | undefined;
  ignorePreflightErrors: readonly string[];
  /** Where the UpgradeConfiguration lies, for versions that take one. */
  configurationFile: string;
}

/** From here on settings are given in an UpgradeConfiguration: only there are timeouts. */
export const takesConfiguration = (kubernetes: string): boolean => minorOf(kubernetes) >= 31;

/**
 * etcd's manifest lacked fields that the API server fills in, so kubeadm saw a change where none was and waited in vain for
 * a new pod (kubeadm#2957).
 */
export const upgradesEtcd = (kubernetes: string): boolean => !/^v1\.28\.[0-2]$/.test(kubernetes);

/**
 * Always `upgrade node`, never `apply`: Cluster API has written kubeadm-config already. kubeadm takes a configuration file
 * together with --skip-phases and -v, and refuses it together with the flags that say what the file says.
 */
export function kubeadmCommand(run: KubeadmRun): Argv {
  const settings = takesConfiguration(run.kubernetes)
    ? [`--config=${run.configurationFile}`]
    : [...controlPlaneFlags(run), ...commonFlags(run)];
  // 2 says what it waits for; 4 would print manifests, which may hold secrets (proxy settings), into the log.
  return [run.kubeadm, 'upgrade', 'node', ...settings, ...skippedPhases(run.kubernetes), '-v=2'];
}

function controlPlaneFlags({ role, kubernetes }: KubeadmRun): string[] {
  return role === 'control-plane'
    ? ['--certificate-renewal=true', `--etcd-upgrade=${upgradesEtcd(kubernetes)}`]
    : [];
}

function commonFlags({ patchesDirectory, ignorePreflightErrors }: KubeadmRun): string[] {
  return [
    ...(patchesDirectory === undefined ? [] : [`--patches=${patchesDirectory}`]),
    ...(ignorePreflightErrors.length === 0
      ? []
      : [`--ignore-preflight-errors=${ignorePreflightErrors.join(',')}`]),
  ];
}

/**
 * The control-plane provider upgrades the add-ons. Before 1.32 `upgrade node` has no such phases and would refuse the names.
 * On workers they do nothing, but early 1.32 builds failed there (kubeadm#3109). By flag: in the file they were not obeyed
 * by the first releases of 1.31 and 1.32 (kubeadm#3142).
 */
function skippedPhases(kubernetes: string): string[] {
  return minorOf(kubernetes) >= 32 ? ['--skip-phases=addon/coredns,addon/kube-proxy'] : [];
}

function minorOf(kubernetes: string): number {
  return parseVersion(kubernetes, 'kubernetes').minor;
}
