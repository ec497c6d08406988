// Reads what a preview needs: the owner's Machines with their objects and templates, and the policy.
import { askOf, type Ask } from '../../api/external-owner.ts';
import { knownExternal } from '../../api/external-record.ts';
import { StatusError } from '../../api/errors.ts';
import type { JsonObject } from '../../api/json.ts';
import {
  CONTROL_PLANE_LABEL,
  POLICY_ANNOTATION,
  STRATEGY_EXTERNAL,
  STRATEGY_LABEL,
} from '../../api/labels.ts';
import { applyMergePatch } from '../../api/merge-patch.ts';
import { overridePolicy } from '../../api/policy-override.ts';
import { parsePolicy, type Policy } from '../../api/policy.ts';
import { POLICY_CONFIG_MAP, SERVER_NAMESPACE } from '../../charts/names.ts';
import { oldest } from '../../api/version.ts';
import { CONFIG_MAPS, MACHINES } from '../../hook/kubernetes/resources.ts';
import { machineView } from '../../hook/kubernetes/views.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { externalReads } from '../../kubernetes/external-reads.ts';
import { text, texts } from '../../kubernetes/fields.ts';
import { policyOf } from '../image-map.ts';
import { listAll } from '../list-all.ts';
import { version } from '../version.ts';
import type { Stage, UpgradeFacts } from './decision.ts';
import type { PreviewInput } from './preview.ts';

/** Errors: those of the client; BadInput for objects that cannot be understood. */
export async function readPreview(
  client: ApiClient,
  facts: UpgradeFacts,
  stage: Stage,
): Promise<PreviewInput> {
  const reads = externalReads(client);
  const owner = editedOwner(facts, stage);
  const ask = askOf(owner);
  const machineSets = await reads.machineSets(ask);
  const machines = [];
  for (const machine of await reads.machines(ask, machineSets))
    machines.push(await reads.situation(ask, machine));
  const record = knownExternal(texts(owner, 'metadata', 'annotations'));
  const situation = {
    ask,
    owner,
    cluster: facts.cluster,
    machines,
    machineSets,
    facts: { admission: 'open', ...(await skewFacts(client, stage, ask)) },
    mustRun: ask.release !== undefined && ask.release !== record?.applied,
  } as const;
  const number = (record?.number ?? 0) + 1;
  return { stage, situation, policy: await readPolicy(client, facts), version: version(), number };
}

/** Workers come after the control plane. */
async function skewFacts(
  client: ApiClient,
  { door, version: wanted }: Stage,
  { role, namespace, cluster }: Ask,
) {
  if (role === 'worker') return { apiServerVersion: wanted };
  if (door !== STRATEGY_EXTERNAL) return {};
  const workers = (await listAll(client, MACHINES.path(namespace)))
    .map(machineView)
    .filter((machine) => machine.cluster === cluster && !(CONTROL_PLANE_LABEL in machine.labels))
    .flatMap(({ kubeletVersion }) => kubeletVersion ?? []);
  const oldestWorkerVersion = oldest(workers);
  return oldestWorkerVersion === undefined ? {} : { oldestWorkerVersion };
}

/** As it would be; the rules are the same, whoever does it, so that it counts as opted in. */
function editedOwner({ controlPlanes, machineDeployments }: UpgradeFacts, stage: Stage): JsonObject {
  const owners = stage.kind === 'KubeadmControlPlane' ? controlPlanes : machineDeployments;
  const owner = owners.find((candidate) => text(candidate, 'metadata', 'name') === stage.name) ?? {};
  const { version: wanted } = stage;
  const spec =
    stage.kind === 'KubeadmControlPlane' ? { version: wanted } : { template: { spec: { version: wanted } } };
  const annotations = stage.edit?.kind === 'Cluster' ? {} : { ...stage.edit?.annotations };
  return applyMergePatch(owner, {
    kind: stage.kind,
    metadata: { annotations, labels: { [STRATEGY_LABEL]: STRATEGY_EXTERNAL } },
    spec,
  });
}

/** That of the Cluster; the defaults where it may not be read. */
async function readPolicy(client: ApiClient, { cluster, imageMap }: UpgradeFacts): Promise<Policy> {
  const everywhere = { ...(await installedPolicy(client)), ...(imageMap === undefined ? {} : { imageMap }) };
  const override = texts(cluster, 'metadata', 'annotations')[POLICY_ANNOTATION];
  if (override === undefined) return everywhere;
  const [namespace, name] = [
    text(cluster, 'metadata', 'namespace') ?? '',
    text(cluster, 'metadata', 'name') ?? '',
  ];
  return overridePolicy(everywhere, override, { namespace, name });
}

async function installedPolicy(client: ApiClient): Promise<Policy> {
  try {
    return policyOf(await client.get(CONFIG_MAPS.path(SERVER_NAMESPACE, POLICY_CONFIG_MAP)));
  } catch (error) {
    if (!(error instanceof StatusError) || (error.reason !== 'NotFound' && error.reason !== 'Forbidden'))
      throw error;
    return parsePolicy({});
  }
}
