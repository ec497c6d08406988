// Cluster API's custom resources and webhooks, as `clusterctl init` would bring them.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { JsonObject } from '../../../src/api/json.ts';
import { isObject } from '../../../src/api/json.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import type { LabSite } from '../site.ts';
import { kustomize, objectsOf } from './kustomize.ts';
import { configFolder, type Provider } from './providers.ts';
import { type Endpoint, withLocalWebhooks } from './webhooks.ts';

export interface ProviderManifests {
  name: Provider['name'];
  crds: JsonObject[];
  /** To be applied when the manager answers them: until then they refuse every write. */
  webhooks: JsonObject[];
}

export async function providerManifests(provider: Provider, site: LabSite): Promise<ProviderManifests> {
  const port = site.ports.managers[provider.name].webhooks;
  const endpoint: Endpoint = { url: `https://127.0.0.1:${port}`, ca: site.servingCa };
  const folder = await configFolder(provider);
  const file = path.join(folder, 'webhook', 'manifests.yaml');
  const webhooks = objectsOf(await readFile(file, 'utf8'), file);
  const crds = await kustomize(path.join(folder, 'crd'));
  return {
    name: provider.name,
    crds: crds.map((crd) => withLocalWebhooks(crd, endpoint)),
    webhooks: webhooks.map((one) => named(provider.name, withLocalWebhooks(one, endpoint))),
  };
}

/** All four use the same names. */
function named(prefix: string, object: JsonObject): JsonObject {
  const metadata = isObject(object['metadata']) ? object['metadata'] : {};
  return { ...object, metadata: { ...metadata, name: `${prefix}-${text(metadata, 'name')}` } };
}
