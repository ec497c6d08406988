// What runs in the cluster besides Kubernetes: Argo and Refit, and the custom resources of Cluster API without its managers.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import type { JsonObject } from '../../../src/api/json.ts';
import { isObject } from '../../../src/api/json.ts';
import { version } from '../../../src/cli/version.ts';
import { list, text } from '../../../src/kubernetes/fields.ts';
import type { Api } from '../../apiserver/api.ts';
import { ARGO_CONFIG_MAP } from '../../apiserver/argo-controller.ts';
import { applyTo } from '../../apiserver/apply.ts';
import { installation } from '../../apiserver/installation.ts';
import { secretFiles } from '../../lab/certificates.ts';
import { ARGO_ACCOUNT_KINDS, ARGO_NAMESPACE, argoObjects } from '../../lab/objects/argo.ts';
import { createHookCertificates, hookSecrets } from '../../lab/objects/hook-certificates.ts';
import { CLIENT_CA_SECRET } from '../../lab/objects/refit.ts';
import { clientConfigs } from '../../lab/objects/webhooks.ts';
import { type ClusterDescription, type ClusterLayout, makeFolder } from './folder.ts';
import type { Images } from './images.ts';

const CONTROLLER = 'workflow-controller';

/**
 * As Argo publishes it for a whole cluster, without its user interface; its settings are the defaults but for its lease: it
 * lives on what is upgraded, and would end itself when the API is away for a moment (docs/flip.md).
 */
export async function installArgo(api: Api, images: Images): Promise<void> {
  const all = await argoObjects([...ARGO_ACCOUNT_KINDS, 'PriorityClass', 'Deployment', 'ConfigMap']);
  const wanted = all.filter(
    (object) =>
      !['Deployment', 'ConfigMap'].includes(text(object, 'kind') ?? '') ||
      [CONTROLLER, ARGO_CONFIG_MAP].includes(text(object, 'metadata', 'name') ?? ''),
  );
  await applyTo(api)(wanted.map((object) => withImages(object, images)));
}

/** For a cluster that it lives in and whose API goes away (docs/flip.md#leases). */
const CONTROLLER_ENVIRONMENT = {
  WATCH_CONTROLLER_SEMAPHORE_CONFIGMAPS: 'false',
  LEADER_ELECTION_LEASE_DURATION: '60s',
  LEADER_ELECTION_RENEW_DEADLINE: '40s',
  LEADER_ELECTION_RETRY_PERIOD: '2s',
};

function withImages(object: JsonObject, images: Images): JsonObject {
  if (text(object, 'kind') !== 'Deployment') return object;
  const copy = structuredClone(object);
  const container = list(copy, 'spec', 'template', 'spec', 'containers')[0];
  if (!isObject(container)) throw new Error(`Argo's Deployment: got no container, expected one`);
  container['image'] = images.argoController;
  container['imagePullPolicy'] = 'IfNotPresent';
  container['args'] = ['--executor-image', images.argoExecutor];
  const environment = Object.entries(CONTROLLER_ENVIRONMENT).map(([name, value]) => ({ name, value }));
  container['env'] = [...list(container, 'env'), ...environment];
  return copy;
}

/** Shorter than the defaults, so that what hangs is given up while one looks. */
const POLICY = { timeouts: { kubelet: 60, drain: 300 } };

/** What is in dist/, with our images, and with what cert-manager would make; in a namespace with Clusters, too. */
export async function installRefit(
  api: Api,
  layout: ClusterLayout,
  { namespace }: ClusterDescription,
  images: Images,
): Promise<void> {
  const imageMap = Object.fromEntries(
    Object.entries(images.upgraders).map(([kubernetes, image]) => [kubernetes, { kubernetes, image }]),
  );
  const values = {
    image: images.refit,
    clusterNamespaces: [{ name: namespace, contentSecrets: [] }],
    policy: POLICY,
    imageMap,
    clientCaSecret: CLIENT_CA_SECRET,
  };
  const certificates = await createHookCertificates();
  writeClientFiles(layout, { ...secretFiles(certificates.client), 'ca.crt': certificates.server.ca });
  const manifests = installation(values, version());
  const isNamespace = (object: JsonObject) => text(object, 'kind') === 'Namespace';
  await applyTo(api)([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    ...manifests.filter(isNamespace),
    ...hookSecrets(certificates),
    ...manifests
      .filter((object) => !isNamespace(object))
      .map((object) => withAuthority(object, certificates.server.ca)),
  ]);
}

/** Of webhooks: the API server asks nobody whom it cannot know. */
function withAuthority(object: JsonObject, ca: string): JsonObject {
  const copy = structuredClone(object);
  for (const config of clientConfigs(copy)) {
    if (isObject(config)) config['caBundle'] = Buffer.from(ca).toString('base64');
  }
  return copy;
}

function writeClientFiles({ hookClient }: ClusterLayout, files: Readonly<Record<string, string>>): void {
  makeFolder(hookClient);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(path.join(hookClient, name), content, { mode: 0o600 });
  }
}

/** Namespaced. */
export const DEPLOYMENTS = [
  `${ARGO_NAMESPACE}/${CONTROLLER}`,
  'capi-refit-system/capi-refit-server',
  'kube-system/coredns',
];
