// Upgrades of owners by Refit in the place of Cluster API: where they are, and what people do about them.
import type { ExternalState } from '../../../src/api/external-record.ts';
import { EXTERNAL_API_VERSION, EXTERNAL_PATH } from '../../../src/api/external-request.ts';
import { RETRY_ANNOTATION } from '../../../src/api/labels.ts';
import { machineTask, operationName } from '../../../src/api/names.ts';
import type { StepName } from '../../../src/api/steps.ts';
import { list, text } from '../../../src/kubernetes/fields.ts';
import { type Answer, expectOk } from '../../apiserver/api.ts';
import { ARGO, WORKFLOW_LABEL } from '../../helpers/argo-pod.ts';
import { eventually } from '../../helpers/eventually.ts';
import { call } from '../../helpers/https.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import type { LabCluster } from './cluster.ts';
import { API, pathOf } from './objects.ts';
import { type Owner, owners } from './owners.ts';
import type { Site } from './site.ts';
import { items, machines } from './state.ts';
import { isAt } from './steps.ts';

const END_SECONDS = 180;

/** By name; without one the control plane. */
export async function ownerOf(site: Site, cluster: LabCluster, name?: string): Promise<Owner> {
  const all = await owners(site, cluster.name);
  const found = all.find((one) =>
    name === undefined ? one.kind === 'KubeadmControlPlane' : one.name === name,
  );
  if (!found) throw new Error(`Cluster ${cluster.name}: got no owner ${name ?? 'of its control plane'}`);
  return found;
}

/** As `kubectl patch` or `kubectl edit` write it; refusals are answers too. */
export function patchOwner(site: Site, { kind, name }: Owner, patch: JsonObject): Promise<Answer> {
  const apiVersion = kind === 'KubeadmControlPlane' ? API.controlPlane : API.cluster;
  return site.api.patch(pathOf(site, { apiVersion, kind }, name), patch);
}

export async function retryOwner(site: Site, owner: Owner): Promise<void> {
  await expectOk(patchOwner(site, owner, { metadata: { annotations: { [RETRY_ANNOTATION]: 'now' } } }));
}

const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/capi-refit';

/** The same upgrade as a request of a client: Refit's answer, which is its progress when it runs. */
export async function requestUpgrade(
  { api, kubeConfig, namespace }: Site,
  cluster: LabCluster,
  { kind, name }: Owner,
): Promise<Record<string, unknown>> {
  // On the port of the webhooks.
  const [webhook] = list(await expectOk(api.get(WEBHOOKS)), 'webhooks');
  const answer = await call(Number(new URL(text(webhook, 'clientConfig', 'url') ?? '').port), {
    path: EXTERNAL_PATH,
    ca: Buffer.from(text(webhook, 'clientConfig', 'caBundle') ?? '', 'base64'),
    headers: { authorization: `Bearer ${kubeConfig.getCurrentUser()?.token}` },
    body: JSON.stringify({
      apiVersion: EXTERNAL_API_VERSION,
      kind: 'ExternalUpgradeRequest',
      cluster: { namespace, name: cluster.name },
      owner: { kind, name },
    }),
  });
  return answer.json();
}

/** Until its record says so. */
export async function recorded(
  site: Site,
  cluster: LabCluster,
  { name }: Pick<Owner, 'name'>,
  state: ExternalState,
): Promise<Owner> {
  let owner: Owner | undefined;
  const check = async () => {
    owner = await ownerOf(site, cluster, name);
    return owner.external?.state === state || `its record is ${JSON.stringify(owner.external)}`;
  };
  await eventually(`upgrade of ${name} ${state}`, check, END_SECONDS);
  return owner as Owner;
}

/** Names of Machines of the owner's newest Workflow that are at that step; waits for so many. */
export async function upgradesAt(
  site: Site,
  cluster: LabCluster,
  { name }: Pick<Owner, 'name'>,
  step: StepName,
  count = 1,
): Promise<string[]> {
  let at: string[] = [];
  const check = async () => {
    const { uid, external } = await ownerOf(site, cluster, name);
    const workflow = operationName({ name, uid }, external?.number ?? 0);
    const running = await runningNodes(site, workflow);
    at = (await machines(site, cluster.name))
      .map((machine) => machine.name)
      .filter((machine) => isAt(step, stepsIn(running, `${workflow}.${machineTask(machine)}.`)));
    return at.length >= count || `got ${at.length}, expected ${count}; ${JSON.stringify(external)}`;
  };
  await eventually(`Machines of ${name} at step ${step}`, check, 90);
  return at;
}

/** `<prefix><step>(<attempt>)` */
function stepsIn(nodes: readonly string[], prefix: string): string[] {
  const own = nodes.filter((node) => node.startsWith(prefix));
  return own.map((node) => node.slice(prefix.length).replace(/\(.*$/, ''));
}

/** Argo's names of what its running pods do. */
async function runningNodes(site: Site, workflow: string): Promise<string[]> {
  const path = `/api/v1/namespaces/${site.namespace}/pods?labelSelector=${WORKFLOW_LABEL}=${workflow}`;
  return (await items(site, path))
    .filter((pod) => text(pod, 'status', 'phase') === 'Running')
    .map((pod) => text(pod, 'metadata', 'annotations', `${ARGO}/node-name`) ?? '');
}
