// Reads what a rollback depends on.
import { StatusError } from '../../api/errors.ts';
import type { JsonObject } from '../../api/json.ts';
import { CONTROL_PLANE_LABEL } from '../../api/labels.ts';
import { knownRecord, workflowNameOf } from '../../api/operation.ts';
import { newest } from '../../api/version.ts';
import { stepTemplatesName } from '../../generators/names.ts';
import { MACHINES, WORKFLOWS } from '../../hook/kubernetes/resources.ts';
import { machineView } from '../../hook/kubernetes/views.ts';
import type { MachineView } from '../../hook/store.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { list, text } from '../../kubernetes/fields.ts';
import { orAbsent } from '../../steps/api/absent.ts';
import { listAll } from '../list-all.ts';
import { machineWorkflow } from '../machine-workflow.ts';
import { version } from '../version.ts';
import type { RollbackFacts } from './decision.ts';
import { findRollbacks, type Rollback } from './find-rollbacks.ts';

const TEMPLATES = '/apis/argoproj.io/v1alpha1/clusterworkflowtemplates';

export interface RollbackSituation extends RollbackFacts {
  /** Tries so far, the newest last. */
  rollbacks: readonly Rollback[];
  /** Of the operation's own Workflow. */
  stepTemplates?: string;
}

/** Errors: BadInput when there is no such Machine; those of the client. */
export async function readSituation(
  client: ApiClient,
  namespace: string,
  name: string,
): Promise<RollbackSituation> {
  const object = await orAbsent(client.get(MACHINES.path(namespace, name)));
  if (!object)
    throw new StatusError(`Machine ${namespace}/${name}: there is none of this name`, { reason: 'BadInput' });
  const machine = machineView(object);
  const record = knownRecord(machine.annotations);
  const own =
    record && (await orAbsent(client.get(WORKFLOWS.path(namespace, workflowNameOf(machine, record)))));
  const stepTemplates = own && templatesOf(own);
  const apiServerVersion = await newestApiServer(client, machine);
  const rollbacks = record ? await findRollbacks(client, machine, record.number) : [];
  const rolledBack = rollbacks.find(({ workflow }) => workflow.phase === 'Succeeded')?.workflow.name;
  return {
    machine,
    ...(own ? { workflow: machineWorkflow(own, machine) } : {}),
    ...(stepTemplates === undefined ? {} : { stepTemplates }),
    ...(apiServerVersion === undefined ? {} : { apiServerVersion }),
    ...(rolledBack === undefined ? {} : { rolledBack }),
    rollbacks,
  };
}

/** Of the other control-plane Machines; one that is being upgraded may have the new API server and the old kubelet. */
async function newestApiServer(client: ApiClient, machine: MachineView): Promise<string | undefined> {
  const others = (await listAll(client, MACHINES.path(machine.namespace)))
    .map(machineView)
    .filter(({ name, cluster }) => name !== machine.name && cluster === machine.cluster)
    .filter(({ labels }) => CONTROL_PLANE_LABEL in labels);
  return newest(others.flatMap(({ version, kubeletVersion }) => [version ?? '', kubeletVersion ?? '']));
}

/** Of those that the operation used, that fit to us, or that are there. Errors: BadInput when there are none. */
export async function chooseStepTemplates(client: ApiClient, used: string | undefined): Promise<string> {
  const names = (await listAll(client, TEMPLATES)).map((object) => text(object, 'metadata', 'name') ?? '');
  const ours = names.filter((name) => name.startsWith('refit-steps-'));
  const [chosen = ours.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1)] = [
    used,
    stepTemplatesName(version()),
  ].filter((name) => name !== undefined && ours.includes(name));
  if (chosen !== undefined) return chosen;
  throw new StatusError(
    'ClusterWorkflowTemplate refit-steps-...: there is none: apply dist/refit-steps.k8s.yaml',
    {
      reason: 'BadInput',
    },
  );
}

function templatesOf(workflow: JsonObject): string | undefined {
  const tasks = list(workflow, 'spec', 'templates').flatMap((template) => list(template, 'dag', 'tasks'));
  return tasks.map((task) => text(task, 'templateRef', 'name')).find((name) => name !== undefined);
}
