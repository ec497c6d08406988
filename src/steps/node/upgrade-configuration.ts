// The UpgradeConfiguration that `kubeadm upgrade node` is given from 1.31 on. Pure.
import { stringify } from 'yaml';
import { upgradesEtcd, type KubeadmRun } from './kubeadm-command.ts';

/** How long kubeadm waits for each static pod; its own 5 minutes are too short while etcd and API server are away. */
const MANIFEST_SECONDS = 900;
/** How long kubeadm repeats a request; its own minute is over before an API server that restarts is back. */
const API_CALL_SECONDS = 300;

type Settings = Pick<KubeadmRun, 'kubernetes' | 'patchesDirectory' | 'ignorePreflightErrors'>;

/**
 * YAML; v1beta4 is read by 1.31 to 1.37. `timeoutSeconds`: of the whole run. kubeadm must give up, and put back the manifest
 * that it waits for, well before it is ended from outside, which it does not survive.
 */
export function upgradeConfiguration(settings: Settings, timeoutSeconds: number): string {
  const { kubernetes, patchesDirectory, ignorePreflightErrors } = settings;
  const seconds = (most: number): string => `${Math.max(1, Math.min(most, Math.floor(timeoutSeconds / 2)))}s`;
  return stringify({
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'UpgradeConfiguration',
    node: {
      certificateRenewal: true,
      etcdUpgrade: upgradesEtcd(kubernetes),
      ...(ignorePreflightErrors.length > 0 && { ignorePreflightErrors }),
      ...(patchesDirectory !== undefined && { patches: { directory: patchesDirectory } }),
    },
    timeouts: { upgradeManifests: seconds(MANIFEST_SECONDS), kubernetesAPICall: seconds(API_CALL_SECONDS) },
  });
}
