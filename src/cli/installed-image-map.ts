import { IMAGE_MAP_CONFIG_MAP } from '../api/install.ts';
import { StatusError } from '../api/errors.ts';
import type { JsonObject } from '../api/json.ts';
import { CONFIG_MAPS } from '../hook/kubernetes/resources.ts';
import type { ApiClient } from '../kubernetes/api-client.ts';
import { orAbsent } from '../steps/api/absent.ts';

/** The ConfigMap that step pods take images from. Errors: BadInput where nothing is installed; those of the client. */
export async function installedImageMap(client: ApiClient, namespace: string): Promise<JsonObject> {
  const found = await orAbsent(client.get(CONFIG_MAPS.path(namespace, IMAGE_MAP_CONFIG_MAP)));
  if (found) return found;
  throw new StatusError(
    `ConfigMap ${namespace}/${IMAGE_MAP_CONFIG_MAP}: not there: apply dist/refit-cluster-namespace-${namespace}.k8s.yaml`,
    { reason: 'BadInput' },
  );
}
