// The manifests that `synth` writes, applied to the API server under test, and the accounts that they make.
import { KubeConfig } from '@kubernetes/client-node';
import type { JsonObject } from '../../src/api/json.ts';
import { synthAll } from '../../src/charts/install.ts';
import { values } from '../../src/charts/values.ts';
import { list, text } from '../../src/kubernetes/fields.ts';
import { type Api, expectOk } from './api.ts';

/** Its CRDs are not in a module of ours. */
const NOT_SERVED = 'cert-manager.io/v1';

/** For one namespace with Clusters. Returns the manifests. Errors: which one the server refused, and why. */
export async function applyInstallation(
  api: Api,
  clusterNamespace: { name: string; contentSecrets: string[] },
  version: string,
): Promise<JsonObject[]> {
  const charts = synthAll({ ...values, clusterNamespaces: [clusterNamespace] }, version);
  const manifests = charts.flatMap((chart) => chart.manifests as JsonObject[]);
  for (const manifest of manifests) {
    if (text(manifest, 'apiVersion') !== NOT_SERVED) await apply(api, manifest);
  }
  return manifests;
}

/** Server-side apply refuses fields that the schema does not have. */
async function apply(api: Api, manifest: JsonObject): Promise<void> {
  const [kind, name] = [text(manifest, 'kind') ?? '', text(manifest, 'metadata', 'name') ?? ''];
  try {
    const target = `${await collection(api, manifest, kind)}/${name}?fieldManager=refit-test&force=true`;
    await expectOk(api.patch(target, manifest, 'apply-patch+yaml'));
  } catch (cause) {
    throw new Error(`${kind} ${name} not applied`, { cause });
  }
}

async function collection(api: Api, manifest: JsonObject, kind: string): Promise<string> {
  const apiVersion = text(manifest, 'apiVersion') ?? '';
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const resources = list(await expectOk(api.get(root)), 'resources');
  const plural = resources
    .filter((resource) => text(resource, 'kind') === kind)
    .map((resource) => text(resource, 'name') ?? '')
    .find((resource) => !resource.includes('/'));
  if (plural === undefined) throw new Error(`${apiVersion} ${kind}: not served`);
  const namespace = text(manifest, 'metadata', 'namespace');
  return namespace === undefined ? `${root}/${plural}` : `${root}/namespaces/${namespace}/${plural}`;
}

/** The same server, as a pod of that ServiceAccount would talk to it. */
export async function asServiceAccount(
  admin: KubeConfig,
  api: Api,
  namespace: string,
  name: string,
): Promise<KubeConfig> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const answer = await expectOk(api.create(path, { spec: { expirationSeconds: 600 } }));
  const cluster = admin.getCurrentCluster();
  const token = text(answer, 'status', 'token');
  if (!cluster || token === undefined) throw new Error(`ServiceAccount ${namespace}/${name}: got no token`);
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromClusterAndUser(cluster, { name, token });
  return kubeConfig;
}
