// The operation that Refit runs on a Machine: its record, its Workflow and the steps in it.
import { isObject, type JsonObject, type JsonValue } from '../../../src/api/json.ts';
import { operationName } from '../../../src/api/names.ts';
import type { OperationRecord } from '../../../src/api/operation.ts';
import { type StepResult, stepResultSchema } from '../../../src/api/step-result.ts';
import { WORKFLOWS } from '../../../src/hook/kubernetes/resources.ts';
import { at, list, text } from '../../../src/kubernetes/fields.ts';
import { unpackedWorkflow } from '../../../src/kubernetes/unpacked-workflow.ts';
import { machinePath } from '../../../src/steps/api/paths.ts';
import { type Api, expectOk } from '../../apiserver/api.ts';
import { type Machine, machineOf } from '../../lab/kit/state.ts';

/** A management cluster, and a namespace of it with Cluster API's objects. */
export interface ManagedApi {
  api: Pick<Api, 'get'>;
  namespace: string;
}

export interface Operation {
  name: string;
  record: OperationRecord;
}

export async function machine({ api, namespace }: ManagedApi, name: string): Promise<Machine> {
  return machineOf(await expectOk(api.get(machinePath(namespace, name))));
}

/** The last one. Undefined: there never was one. */
export async function operation(site: ManagedApi, name: string): Promise<Operation | undefined> {
  const found = await machine(site, name);
  const record = found.operation;
  return record && { name: operationName(found, record.number), record };
}

/** Of a whole owner, or its own. */
export async function workflow(
  { api, namespace }: ManagedApi,
  { name, record }: Operation,
): Promise<JsonObject> {
  return expectOk(api.get(WORKFLOWS.path(namespace, record.workflow ?? name)));
}

/** Names of all that are there. */
export async function workflowNames({ api, namespace }: ManagedApi): Promise<string[]> {
  const answer = await expectOk(api.get(WORKFLOWS.path(namespace)));
  return list(answer, 'items').map((one) => text(one, 'metadata', 'name') ?? '');
}

/**
 * What the steps of an operation handed back to Argo, the last try of each; those that did not end are not among them. Not
 * from the server's view of it, which leaves out long ones. Pure.
 */
export function resultsOf(object: JsonObject, operation: string): StepResult[] {
  const nodes = at(unpackedWorkflow(object), 'status', 'nodes');
  const results = new Map<string, StepResult>();
  const pods = Object.values(isObject(nodes) ? nodes : {}).filter((node) => text(node, 'type') === 'Pod');
  for (const pod of pods.sort((a, b) => finishedAt(a) - finishedAt(b))) {
    const output = list(pod, 'outputs', 'parameters').find((one) => text(one, 'name') === 'result');
    const value = text(output, 'value');
    // Empty: the step failed before it could say anything.
    const parsed = stepResultSchema.safeParse(value ? JSON.parse(value) : undefined);
    if (parsed.success && parsed.data.operation === operation) results.set(parsed.data.step, parsed.data);
  }
  return [...results.values()];
}

function finishedAt(pod: JsonValue): number {
  return Date.parse(text(pod, 'finishedAt') ?? '') || 0;
}
