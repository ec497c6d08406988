// The manifests that `synth` writes, applied to the API server under test, and the accounts that they make.
import type { KubeConfig } from '@kubernetes/client-node';
import type { JsonObject } from '../../src/api/json.ts';
import { synthAll } from '../../src/charts/install.ts';
import { values, type Values } from '../../src/charts/values.ts';
import { text } from '../../src/kubernetes/fields.ts';
import { serviceAccountConfig } from '../helpers/service-account.ts';
import { type Api, expectOk } from './api.ts';
import { applyTo } from './apply.ts';

/** Their CRDs are not in a module of ours. */
const NOT_SERVED: readonly (string | undefined)[] = ['cert-manager.io/v1', 'monitoring.coreos.com/v1'];

/**
 * For one namespace with Clusters. Returns the manifests. Without the webhooks: of all tests that run at once on one API server
 * only one has somebody who answers (webhooks.ts). Errors: which one the server refused, and why.
 */
export async function applyInstallation(
  api: Api,
  clusterNamespace: { name: string; contentSecrets: string[] },
  version: string,
): Promise<JsonObject[]> {
  const manifests = installation({ clusterNamespaces: [clusterNamespace] }, version).filter(
    (manifest) => text(manifest, 'kind')?.endsWith('WebhookConfiguration') === false,
  );
  await applyTo(api)(manifests);
  return manifests;
}

/** What can be applied without cert-manager and the Prometheus operator, by default with the values of dist/. Errors: BadInput. */
export function installation(changed: Partial<Values>, version: string): JsonObject[] {
  const charts = synthAll({ ...values, ...changed }, version);
  const manifests = charts.flatMap((chart) => chart.manifests as JsonObject[]);
  return manifests.filter((manifest) => !NOT_SERVED.includes(text(manifest, 'apiVersion')));
}

/** The same server, as a pod of that ServiceAccount would talk to it. */
export function asServiceAccount(
  admin: KubeConfig,
  api: Api,
  namespace: string,
  name: string,
): Promise<KubeConfig> {
  const create = (path: string, body: object): Promise<JsonObject> => expectOk(api.create(path, body));
  return serviceAccountConfig(admin, create, { namespace, name, expirationSeconds: 600 });
}
