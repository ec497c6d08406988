// Reads what `refit status` shows: a few lists, and the Workflows of operations that have not ended.
import { StatusError } from '../../api/errors.ts';
import type { JsonObject } from '../../api/json.ts';
import { isFinal, knownRecord, workflowNameOf } from '../../api/operation.ts';
import {
  CLUSTERS,
  EVENTS,
  KUBEADM_CONTROL_PLANES,
  MACHINE_DEPLOYMENTS,
  MACHINES,
  WORKFLOWS,
  type Resource,
} from '../../hook/kubernetes/resources.ts';
import { machineView } from '../../hook/kubernetes/views.ts';
import type { WorkflowView } from '../../hook/store.ts';
import type { ApiClient, Query } from '../../kubernetes/api-client.ts';
import { orAbsent } from '../../steps/api/absent.ts';
import { listAll } from '../list-all.ts';
import { machineWorkflow } from '../machine-workflow.ts';
import type { StatusFacts } from './cluster-status.ts';
import { REFUSED } from './refusals.ts';

/** @param namespace undefined: all. Errors: those of the client. */
export async function readStatus(client: ApiClient, namespace: string | undefined): Promise<StatusFacts> {
  const all = (resource: Resource, query?: Query) => listAll(client, resource.path(namespace), query);
  const [clusters, machines, controlPlanes, deployments, events] = await Promise.all([
    all(CLUSTERS),
    all(MACHINES),
    orNone(all(KUBEADM_CONTROL_PLANES)),
    all(MACHINE_DEPLOYMENTS),
    orNone(all(EVENTS, { fieldSelector: `reason=${REFUSED}` })),
  ]);
  const workflows = await Promise.all(machines.map((machine) => readWorkflow(client, machine)));
  return {
    clusters,
    machines,
    controlPlanes,
    deployments,
    events,
    workflows: workflows.filter((workflow) => workflow !== undefined),
  };
}

async function readWorkflow(client: ApiClient, object: JsonObject): Promise<WorkflowView | undefined> {
  const machine = machineView(object);
  const record = knownRecord(machine.annotations);
  if (!record || isFinal(record)) return undefined;
  const path = WORKFLOWS.path(machine.namespace, workflowNameOf(machine, record));
  const workflow = await orAbsent(client.get(path));
  return workflow && machineWorkflow(workflow, machine);
}

/** Of what may be missing, or not for everybody to see: the rest is shown all the same. */
async function orNone(answer: Promise<JsonObject[]>): Promise<JsonObject[]> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof StatusError && (error.reason === 'NotFound' || error.reason === 'Forbidden'))
      return [];
    throw error;
  }
}
