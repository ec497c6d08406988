// ConfigMap kube-system/kubeadm-config of a workload cluster, as the control-plane provider would write it. Pure.
import semver from 'semver';
import { at, text, without } from './fields.ts';
import { isObject, type JsonObject, type JsonValue } from './json.ts';

const V1BETA3 = 'kubeadm.k8s.io/v1beta3';
const V1BETA4 = 'kubeadm.k8s.io/v1beta4';

/** From 1.31 on kubeadm knows v1beta4, and says that v1beta3 is going. */
const V1BETA4_MINOR = 31;

const COMPONENTS = ['apiServer', 'controllerManager', 'scheduler'] as const;

/**
 * The ClusterConfiguration for a version: `asked` is that of the owner. What the owner says nothing about, and what
 * was fixed when the cluster was made (networking, endpoint, DNS), stays.
 */
export function updatedClusterConfiguration(
  existing: JsonObject,
  version: string,
  asked: JsonObject,
): JsonObject {
  const isNew =
    text(existing, 'apiVersion') === V1BETA4 || (semver.parse(version)?.minor ?? 0) >= V1BETA4_MINOR;
  const updated: JsonObject = {
    ...existing,
    apiVersion: isNew ? V1BETA4 : V1BETA3,
    kubernetesVersion: version,
  };
  for (const name of COMPONENTS) set(updated, name, component(at(asked, name), isNew));
  set(updated, 'featureGates', at(asked, 'featureGates'));
  const imageRepository = text(asked, 'imageRepository');
  if (imageRepository !== undefined) updated['imageRepository'] = imageRepository;
  // Older kubeadm knows neither of the two.
  const days = Number(at(asked, 'certificateValidityPeriodDays') ?? 0);
  set(updated, 'encryptionAlgorithm', isNew ? text(asked, 'encryptionAlgorithm') : undefined);
  set(updated, 'certificateValidityPeriod', isNew && days > 0 ? `${days * 24}h0m0s` : undefined);
  const etcd = etcdOf(objectAt(existing, 'etcd'), objectAt(asked, 'etcd'), isNew);
  if (Object.keys(etcd).length > 0) updated['etcd'] = etcd;
  return updated;
}

/** Local or external is never changed. Where the data lies neither. */
function etcdOf(existing: JsonObject, asked: JsonObject, isNew: boolean): JsonObject {
  if (isObject(existing['external'])) {
    const external = asked['external'];
    return isObject(external) ? { ...existing, external } : existing;
  }
  const dataDir = text(existing, 'local', 'dataDir');
  const local = component(asked['local'], isNew) ?? {};
  return { ...existing, local: { ...(dataDir === undefined ? {} : { dataDir }), ...local } };
}

/** Older kubeadm has arguments as a map, and no variables of the environment. */
function component(value: JsonValue | undefined, isNew: boolean): JsonObject | undefined {
  if (!isObject(value)) return undefined;
  const args = value['extraArgs'];
  if (isNew || !Array.isArray(args)) return isNew ? value : without(value, 'extraEnvs');
  const pairs = args.map((entry) => [text(entry, 'name') ?? '', text(entry, 'value') ?? ''] as const);
  return { ...without(value, 'extraEnvs'), extraArgs: Object.fromEntries(pairs) };
}

function set(target: JsonObject, key: string, value: JsonValue | undefined): void {
  const isEmpty = value === undefined || (isObject(value) && Object.keys(value).length === 0);
  if (isEmpty) delete target[key];
  else target[key] = value;
}

function objectAt(object: JsonObject, key: string): JsonObject {
  const found = object[key];
  return isObject(found) ? found : {};
}
