// The Workflow of a Machine's operation: one of its own, or its part of the one that upgrades all Machines of an owner.
import { isObject, type JsonObject } from '../api/json.ts';
import { workflowView } from '../hook/kubernetes/workflow-view.ts';
import type { MachineView, WorkflowView } from '../hook/store.ts';
import { at, list, text } from '../kubernetes/fields.ts';

/** Template in the Workflow of an owner, used once for each Machine (generators/external-upgrade.ts). */
const MACHINE_TEMPLATE = 'machine';

/** As if that part were a Workflow; of a whole owner the end is that of the whole. */
export function machineWorkflow(
  workflow: JsonObject,
  { name: machine }: Pick<MachineView, 'name'>,
): WorkflowView {
  const templates = list(workflow, 'spec', 'templates');
  const isOfOwner = templates.some((template) => text(template, 'name') === MACHINE_TEMPLATE);
  const [metadata, spec] = [at(workflow, 'metadata'), at(workflow, 'spec')];
  if (!isOfOwner || !isObject(metadata) || !isObject(spec)) return { ...workflowView(workflow), machine };
  const task = `machine-${machine.replaceAll('.', '-')}`;
  const part = {
    ...workflow,
    metadata: { ...metadata, name: `${text(metadata, 'name') ?? ''}.${task}` },
    spec: { ...spec, entrypoint: MACHINE_TEMPLATE },
  };
  return { ...workflowView(part), name: text(metadata, 'name') ?? '', machine };
}
