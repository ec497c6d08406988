import { CoreV1Api } from '@kubernetes/client-node';
import type { Site } from './site.ts';

/** Its last lines. Errors: what the API server says. */
export function podLog(
  { kubeConfig }: Site,
  { namespace, name, container }: { namespace: string; name: string; container: string },
): Promise<string> {
  const api = kubeConfig.makeApiClient(CoreV1Api);
  return api.readNamespacedPodLog({ namespace, name, container, tailLines: 2000 });
}
