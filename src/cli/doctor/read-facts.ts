// Reads what the doctor judges. Whatever cannot be read is said, and the rest is read all the same.
import { StatusError } from '../../api/errors.ts';
import { IMAGE_MAP_CONFIG_MAP, WORKFLOW_SERVICE_ACCOUNT } from '../../api/install.ts';
import type { JsonObject } from '../../api/json.ts';
import { POLICY_CONFIG_MAP, SERVER, SERVER_NAMESPACE } from '../../charts/names.ts';
import {
  CLUSTERS,
  CONFIG_MAPS,
  KUBEADM_CONTROL_PLANES,
  MACHINE_DEPLOYMENTS,
  MACHINES,
} from '../../hook/kubernetes/resources.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { at, list, text } from '../../kubernetes/fields.ts';
import { orAbsent } from '../../steps/api/absent.ts';
import { listAll } from '../list-all.ts';
import { WEBHOOK_PATH } from '../webhook.ts';
import { ARGO_CONTROLLER } from './check-argo.ts';
import { NEEDED_APIS } from './check-server.ts';
import { externalMachines, optedIn, type ClusterParts } from './clusters.ts';
import { programs } from './deployments.ts';
import { known, type DoctorFacts, type Looked, type NamespaceFacts } from './facts.ts';
import { EVERYWHERE, IN_NAMESPACE, infrastructureNeeds, userOf, type Need } from './needs.ts';

const DEPLOYMENTS = '/apis/apps/v1/deployments';
const EXTENSION_CONFIGS = '/apis/runtime.cluster.x-k8s.io/v1beta2/extensionconfigs';
const TEMPLATES = '/apis/argoproj.io/v1alpha1/clusterworkflowtemplates';
const WORKFLOW_DEFINITION = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/workflows.argoproj.io';
const CERTIFICATE = `/apis/cert-manager.io/v1/namespaces/${SERVER_NAMESPACE}/certificates/${SERVER}`;
const ACCESS_REVIEWS = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const ARGO_CONFIG_MAP = 'workflow-controller-configmap';

/** Errors: Unavailable when the API server does not answer. */
export async function readFacts(client: ApiClient, version: string, now: Date): Promise<DoctorFacts> {
  const one = (path: string) => look(orAbsent(client.get(path)));
  const all = (path: string) => look(objects(client, path));
  const ownConfigMap = (name: string) => one(CONFIG_MAPS.path(SERVER_NAMESPACE, name));
  const deployments = await all(DEPLOYMENTS);
  const templates = await all(TEMPLATES);
  const clusterObjects = {
    clusters: await all(CLUSTERS.path()),
    machines: await all(MACHINES.path()),
    controlPlanes: await all(KUBEADM_CONTROL_PLANES.path()),
    machineDeployments: await all(MACHINE_DEPLOYMENTS.path()),
  };
  const namespaces: NamespaceFacts[] = [];
  for (const [name, clusters] of byNamespace(clusterObjects))
    namespaces.push(await readNamespace(client, name, clusters));
  return {
    version,
    now,
    ...clusterObjects,
    served: await readServed(client),
    deployments,
    extensionConfigs: await all(EXTENSION_CONFIGS),
    certificate: await one(CERTIFICATE),
    workflowDefinition: await one(WORKFLOW_DEFINITION),
    argoConfig: await readArgoConfig(client, known(deployments) ?? []),
    stepTemplates:
      'found' in templates
        ? { found: templates.found.map((each) => text(each, 'metadata', 'name') ?? '') }
        : templates,
    webhook: await one(WEBHOOK_PATH),
    policy: await ownConfigMap(POLICY_CONFIG_MAP),
    imageMap: await ownConfigMap(IMAGE_MAP_CONFIG_MAP),
    missing: await look(missingOf(client, EVERYWHERE)),
    namespaces,
  };
}

async function readNamespace(
  client: ApiClient,
  name: string,
  clusters: readonly ClusterParts[],
): Promise<NamespaceFacts> {
  const needs = [...IN_NAMESPACE, ...infrastructureNeeds(clusters.flatMap(externalMachines))];
  const account = `/api/v1/namespaces/${encodeURIComponent(name)}/serviceaccounts/${WORKFLOW_SERVICE_ACCOUNT}`;
  return {
    name,
    serviceAccount: await look(orAbsent(client.get(account))),
    imageMap: await look(orAbsent(client.get(CONFIG_MAPS.path(name, IMAGE_MAP_CONFIG_MAP)))),
    missing: await look(missingOf(client, needs, name)),
  };
}

function byNamespace(objects: Parameters<typeof optedIn>[0]): [string, ClusterParts[]][] {
  const found = new Map<string, ClusterParts[]>();
  for (const parts of optedIn(objects)) {
    const name = text(parts.cluster, 'metadata', 'namespace') ?? '';
    found.set(name, [...(found.get(name) ?? []), parts]);
  }
  return [...found].sort(([a], [b]) => a.localeCompare(b));
}

async function readServed(client: ApiClient): Promise<Set<string>> {
  const groups = [...new Set(Object.keys(NEEDED_APIS).map((api) => api.slice(api.indexOf('.') + 1)))];
  const served = new Set<string>();
  for (const group of groups) {
    const answer = await orAbsent(client.get(`/apis/${group}`));
    for (const resource of list(answer, 'resources')) served.add(`${text(resource, 'name') ?? ''}.${group}`);
  }
  return served;
}

async function readArgoConfig(
  client: ApiClient,
  deployments: readonly JsonObject[],
): Promise<DoctorFacts['argoConfig']> {
  const [controller] = programs(deployments, ARGO_CONTROLLER);
  if (!controller) return { found: undefined };
  const index = controller.args.indexOf('--configmap');
  const name = controller.args[index === -1 ? -1 : index + 1] ?? ARGO_CONFIG_MAP;
  return look(orAbsent(client.get(CONFIG_MAPS.path(controller.namespace, name))));
}

/** What the accounts may not do, as the API server itself judges. */
async function missingOf(client: ApiClient, needs: readonly Need[], namespace = ''): Promise<Need[]> {
  const missing: Need[] = [];
  for (const need of needs) {
    const { verb, group, resource } = need;
    const user = userOf(need, namespace);
    const resourceAttributes = { namespace, verb, group, resource };
    const answer = await client.create(ACCESS_REVIEWS, {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user, groups: ['system:serviceaccounts', 'system:authenticated'], resourceAttributes },
    });
    if (at(answer, 'status', 'allowed') !== true) missing.push(need);
  }
  return missing;
}

/** Not served at all: that is a finding of its own. */
async function objects(client: ApiClient, path: string): Promise<JsonObject[]> {
  return (await orAbsent(listAll(client, path))) ?? [];
}

async function look<T>(answer: Promise<T>): Promise<Looked<T>> {
  try {
    return { found: await answer };
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason === 'Unavailable') throw error;
    return { unknown: error.message };
  }
}
