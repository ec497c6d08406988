// The operation that Refit runs on a Machine: its record, its Workflow and the steps in it.
import { operationName } from '../../../src/api/names.ts';
import type { OperationRecord } from '../../../src/api/operation.ts';
import { type StepResult, stepResultSchema } from '../../../src/api/step-result.ts';
import { WORKFLOWS } from '../../../src/hook/kubernetes/resources.ts';
import { workflowView } from '../../../src/hook/kubernetes/workflow-view.ts';
import type { WorkflowView } from '../../../src/hook/store.ts';
import { machinePath } from '../../../src/steps/api/paths.ts';
import { list, text } from '../../../src/kubernetes/fields.ts';
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

export async function workflow({ api, namespace }: ManagedApi, name: string): Promise<WorkflowView> {
  return workflowView(await expectOk(api.get(WORKFLOWS.path(namespace, name))));
}

/** Names of all that are there. */
export async function workflowNames({ api, namespace }: ManagedApi): Promise<string[]> {
  const answer = await expectOk(api.get(WORKFLOWS.path(namespace)));
  return list(answer, 'items').map((one) => text(one, 'metadata', 'name') ?? '');
}

/** What the steps handed back to Argo; those that did not end are not among them. */
export function resultsOf({ tasks }: WorkflowView): StepResult[] {
  return tasks.flatMap(({ outputs }) => {
    const result = outputs['result'];
    const parsed = stepResultSchema.safeParse(result === undefined ? undefined : JSON.parse(result));
    return parsed.success ? [parsed.data] : [];
  });
}
