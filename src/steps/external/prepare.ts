import { isMap, parseDocument, stringify } from 'yaml';
import { StatusError } from '../../api/errors.ts';
import { withLocalMode } from '../../api/control-plane-config.ts';
import type { Ask } from '../../api/external-owner.ts';
import { text, texts } from '../../api/fields.ts';
import { canonicalJson, isObject, type JsonObject } from '../../api/json.ts';
import { updatedClusterConfiguration } from '../../api/kubeadm-config.ts';
import { PAUSED_ANNOTATION, PAUSED_BY_US } from '../../api/labels.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { machineSetPath } from '../../kubernetes/external-reads.ts';
import type { ExternalContext, ExternalOutcome, ExternalStep } from './external-step.ts';
import { ensureKubeadmPermissions } from './kubeadm-permissions.ts';
import { heldOwner } from './owner.ts';
import { writePatch } from '../../kubernetes/external-writes.ts';

const KUBEADM_CONFIG = '/api/v1/namespaces/kube-system/configmaps/kubeadm-config';
const KEY = 'ClusterConfiguration';

/** What the owner's controller would do before the first Machine. Errors: Failed when the owner is not held any more. */
export const prepare: ExternalStep = async (context) => {
  const { ask } = await heldOwner(context);
  return ask.role === 'control-plane' ? prepareCluster(context, ask) : pauseSets(context, ask);
};

/** A MachineSet that is not paused would make, or repair, Machines by a template that is on its way. */
async function pauseSets({ management, reads }: ExternalContext, ask: Ask): Promise<ExternalOutcome> {
  const paused: string[] = [];
  for (const set of await reads.machineSets(ask)) {
    const name = text(set, 'metadata', 'name') ?? '';
    if (PAUSED_ANNOTATION in texts(set, 'metadata', 'annotations')) continue;
    const annotations = { [PAUSED_ANNOTATION]: PAUSED_BY_US };
    await writePatch(management, machineSetPath(ask.namespace, name), set, { metadata: { annotations } });
    paused.push(name);
  }
  return {
    message:
      paused.length > 0 ? `MachineSets paused: ${paused.join(', ')}` : 'the MachineSets were paused before',
    changes: paused.map((name) => ({ what: `MachineSet ${name}` })),
  };
}

async function prepareCluster({ workload }: ExternalContext, ask: Ask): Promise<ExternalOutcome> {
  const made = await ensureKubeadmPermissions(workload);
  const isWritten = await writeClusterConfiguration(workload, ask);
  return {
    message: isWritten
      ? `kubeadm-config is at ${ask.version}`
      : `kubeadm-config was at ${ask.version} before`,
    changes: [
      ...made.map((name) => ({ what: `ClusterRoleBinding ${name}` })),
      ...(isWritten ? [{ what: 'ConfigMap kube-system/kubeadm-config' }] : []),
    ],
  };
}

/** True: it was changed. Errors: Failed when there is none that can be read. */
async function writeClusterConfiguration(workload: ApiClient, ask: Ask): Promise<boolean> {
  const configMap = await workload.get(KUBEADM_CONFIG);
  const existing = parsed(text(configMap, 'data', KEY));
  const asked = withLocalMode(ask.kubeadmConfigSpec ?? {}, ask.version)['clusterConfiguration'];
  const updated = updatedClusterConfiguration(existing, ask.version, isObject(asked) ? asked : {});
  if (canonicalJson(existing) === canonicalJson(updated)) return false;
  return writePatch(workload, KUBEADM_CONFIG, configMap, { data: { [KEY]: stringify(updated) } });
}

function parsed(content: string | undefined): JsonObject {
  const document = parseDocument(content ?? '');
  if (document.errors.length > 0 || !isMap(document.contents)) {
    throw new StatusError(
      `ConfigMap kube-system/kubeadm-config ${KEY}: got ${content === undefined ? 'nothing' : 'something else'}, expected a mapping in YAML`,
      { reason: 'Failed' },
    );
  }
  return document.toJS() as JsonObject;
}
