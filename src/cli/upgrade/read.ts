// Reads what an upgrade depends on.
import { StatusError } from '../../api/errors.ts';
import type { JsonObject } from '../../api/json.ts';
import { CLUSTER_NAME_LABEL } from '../../api/labels.ts';
import type { ImageMap } from '../../api/policy.ts';
import {
  CLUSTERS,
  KUBEADM_CONTROL_PLANES,
  MACHINE_DEPLOYMENTS,
  type Resource,
} from '../../hook/kubernetes/resources.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { orAbsent } from '../../steps/api/absent.ts';
import { imageMapOf } from '../image-map.ts';
import { installedImageMap } from '../installed-image-map.ts';
import { listAll } from '../list-all.ts';
import { WEBHOOK_PATH, webhookProblem } from '../webhook.ts';
import type { UpgradeFacts } from './decision.ts';

/** Errors: BadInput when there is no such Cluster, or the image map is bad or not there; those of the client. */
export async function readUpgrade(client: ApiClient, namespace: string, name: string): Promise<UpgradeFacts> {
  const cluster = await orAbsent(client.get(CLUSTERS.path(namespace, name)));
  if (!cluster)
    throw new StatusError(`Cluster ${namespace}/${name}: there is none of this name`, { reason: 'BadInput' });
  const labelSelector = `${CLUSTER_NAME_LABEL}=${name}`;
  // Absent: there is no such provider.
  const owners = async (resource: Resource): Promise<JsonObject[]> =>
    (await orAbsent(listAll(client, resource.path(namespace), { labelSelector }))) ?? [];
  return {
    cluster,
    controlPlanes: await owners(KUBEADM_CONTROL_PLANES),
    machineDeployments: await owners(MACHINE_DEPLOYMENTS),
    imageMap: await readImageMap(client, namespace),
    webhookProblem: await readWebhookProblem(client),
  };
}

/** Who may not see it may edit all the same: undefined. */
async function readWebhookProblem(client: ApiClient): Promise<string | undefined> {
  try {
    return webhookProblem(await orAbsent(client.get(WEBHOOK_PATH)));
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'Forbidden') return undefined;
    throw error;
  }
}

/** Who may not see it may edit all the same: undefined. */
async function readImageMap(client: ApiClient, namespace: string): Promise<ImageMap | undefined> {
  try {
    return imageMapOf(await installedImageMap(client, namespace));
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'Forbidden') return undefined;
    throw error;
  }
}
