import { EXECUTOR_IMAGE, FAST_CLIENT, FAST_REQUEUE, isArgoReady } from '../../apiserver/argo-controller.ts';
import { tool } from '../../tools/build.ts';
import { ARGO_NAMESPACE } from '../objects/argo.ts';
import type { ArgoSettings } from './names.ts';
import type { ProcessSpec } from './process.ts';

/** Its ConfigMap (objects/argo.ts) is the other half. */
const SETTINGS: Record<ArgoSettings, { args: string[]; environment: Record<string, string> }> = {
  fast: lean(FAST_REQUEUE),
  defaults: { args: [], environment: {} },
  recommended: lean('1s'),
};

function lean(requeue: string) {
  return { args: FAST_CLIENT, environment: { DEFAULT_REQUEUE_TIME: requeue, INFORMER_WRITE_BACK: 'true' } };
}

/** For all namespaces. */
export async function argo(kubeconfigPath: string, settings: ArgoSettings): Promise<ProcessSpec> {
  const { args, environment } = SETTINGS[settings];
  return {
    binary: await tool('workflow-controller'),
    args: [
      ...['--kubeconfig', kubeconfigPath, '--namespace', ARGO_NAMESPACE],
      ...['--executor-image', EXECUTOR_IMAGE, ...args],
    ],
    environment: { LEADER_ELECTION_DISABLE: 'true', ...environment },
    isReady: (daemon) => Promise.resolve(isArgoReady(daemon)),
  };
}
