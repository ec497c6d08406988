// What Argo's own installation for a whole cluster makes, without the programs: accounts, roles, settings.
import path from 'node:path';
import type { JsonObject } from '../../../src/api/json.ts';
import { text } from '../../../src/kubernetes/fields.ts';
import { ARGO_CONFIG_MAP, WITHOUT_METRICS } from '../../apiserver/argo-controller.ts';
import { moduleFolder } from '../../tools/build.ts';
import type { ArgoSettings } from '../processes/names.ts';
import { kustomize } from './kustomize.ts';

export const ARGO_NAMESPACE = 'argo';
/** The controller's. */
export const ARGO_SERVICE_ACCOUNT = 'argo';

export const ARGO_ACCOUNT_KINDS = [
  'ServiceAccount',
  'Role',
  'RoleBinding',
  'ClusterRole',
  'ClusterRoleBinding',
];

/** What large fleets should have: no events, and the limits of semaphores read from memory. */
const LEAN = {
  workflowEvents: { enabled: false },
  nodeEvents: { enabled: false },
  synchronization: { semaphoreLimitCacheSeconds: 30 },
};

export function argoInstallation(): Promise<JsonObject[]> {
  return argoObjects(ARGO_ACCOUNT_KINDS);
}

/** Of these kinds, and the namespace. */
export async function argoObjects(kinds: readonly string[]): Promise<JsonObject[]> {
  const folder = path.join(await moduleFolder('argo'), 'manifests', 'cluster-install-no-crds');
  const objects = await kustomize(folder);
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: ARGO_NAMESPACE } };
  return [namespace, ...objects.filter((object) => kinds.includes(text(object, 'kind') ?? ''))];
}

/** Read when the controller starts. */
export function argoConfigMap(settings: ArgoSettings): JsonObject {
  const config = { ...WITHOUT_METRICS, ...(settings === 'defaults' ? {} : LEAN) };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: ARGO_CONFIG_MAP, namespace: ARGO_NAMESPACE },
    data: { config: JSON.stringify(config) },
  };
}
