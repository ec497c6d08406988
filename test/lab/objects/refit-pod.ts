// What a kubelet would make of the server's pod.
import path from 'node:path';
import type { JsonObject, JsonValue } from '../../../src/api/json.ts';
import { at, list, text, texts } from '../../../src/kubernetes/fields.ts';
import type { LabSite } from '../site.ts';

export interface RefitPod {
  args: string[];
  /** Folder in the pod -> the files of the ConfigMap that is mounted there. */
  configMaps: Record<string, Record<string, string>>;
  /** Secret -> folder in the pod. */
  secrets: Record<string, string>;
}

/** From the Deployment and the ConfigMaps of the manifests. Errors: what is not among them. */
export function refitPod(manifests: readonly JsonObject[]): RefitPod {
  const deployment = named(manifests, 'Deployment');
  const namespace = text(deployment, 'metadata', 'namespace');
  const spec = at(deployment, 'spec', 'template', 'spec');
  const container = list(spec, 'containers')[0];
  const pod: RefitPod = { args: list(container, 'args').map(String), configMaps: {}, secrets: {} };
  for (const volume of list(spec, 'volumes')) {
    const folder = mountPath(container, text(volume, 'name') ?? '');
    const [secret, configMap] = [text(volume, 'secret', 'secretName'), text(volume, 'configMap', 'name')];
    if (secret !== undefined) pod.secrets[secret] = folder;
    if (configMap !== undefined) {
      pod.configMaps[folder] = texts(named(manifests, 'ConfigMap', configMap, namespace), 'data');
    }
  }
  return pod;
}

/** Where a place in the pod is on this machine. */
export function inPod({ refitFolder }: LabSite, file: string): string {
  return path.join(refitFolder, file);
}

/** Where the files of a Secret are on this machine. */
export function secretFolder(site: LabSite, { secrets }: RefitPod, name: string): string {
  const folder = secrets[name];
  if (folder === undefined) throw new Error(`Deployment: got no volume of Secret ${name}, expected one`);
  return inPod(site, folder);
}

function mountPath(container: JsonValue | undefined, volume: string): string {
  const mount = list(container, 'volumeMounts').find((one) => text(one, 'name') === volume);
  const folder = text(mount, 'mountPath');
  if (folder === undefined) throw new Error(`Deployment: got no mountPath of volume ${volume}`);
  return folder;
}

function named(manifests: readonly JsonObject[], kind: string, name?: string, namespace?: string) {
  const found = manifests.find(
    (manifest) =>
      text(manifest, 'kind') === kind &&
      (name === undefined || text(manifest, 'metadata', 'name') === name) &&
      (namespace === undefined || text(manifest, 'metadata', 'namespace') === namespace),
  );
  if (!found) throw new Error(`our manifests: got no ${kind} ${name ?? ''}, expected one`);
  return found;
}
