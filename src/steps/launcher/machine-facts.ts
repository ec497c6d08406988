// Which Machine and Node a step is about, and whether they still are what the operation was made for. Pure.
import type { StepCommand } from '../../api/commands.ts';
import { badInput, StatusError } from '../../api/errors.ts';
import type { HostPlan } from '../../api/host-plan.ts';
import type { JsonObject } from '../../api/json.ts';
import { operationName } from '../../api/names.ts';
import { text, texts } from '../../kubernetes/fields.ts';
import type { StepFlags } from '../api/api-step.ts';

export interface MachineFacts {
  namespace: string;
  name: string;
  uid: string;
  nodeName: string;
  providerID: string | undefined;
  /** Name of the operation: folder on the node, holder of locks. */
  operation: string;
}

/** CAPI writes it on Nodes. */
const NODE_MACHINE_ANNOTATION = 'cluster.x-k8s.io/machine';

/** Errors: BadInput when the Machine is of another Cluster, has no Node, or is not the one that the operation is named after. */
export function machineFacts(command: StepCommand, flags: StepFlags, machine: JsonObject): MachineFacts {
  const what = `Machine ${flags.namespace}/${flags.machine}`;
  const cluster = text(machine, 'spec', 'clusterName');
  if (cluster !== flags.cluster) throw badInput(`${what} spec.clusterName`, cluster, flags.cluster);
  const uid = text(machine, 'metadata', 'uid');
  if (uid === undefined) throw badInput(`${what} metadata.uid`, uid, 'a UID');
  const nodeName = text(machine, 'status', 'nodeRef', 'name');
  if (nodeName === undefined)
    throw badInput(`${what} status.nodeRef.name`, nodeName, 'a Node that has joined');
  return {
    namespace: flags.namespace,
    name: flags.machine,
    uid,
    nodeName,
    providerID: text(machine, 'spec', 'providerID'),
    operation: operationOf(command, flags, uid),
  };
}

/** Generated Workflows are named after the Machine's UID: one that was made anew under its old name is another Machine. */
function operationOf(command: StepCommand, flags: StepFlags, uid: string): string {
  const { operation, workflow, machine } = flags;
  if (command === 'rollback') {
    if (operation === undefined) throw badInput('--operation', '', 'number of the operation to roll back');
    return operationName({ name: machine, uid }, operation);
  }
  if (operation === undefined) return workflow;
  const expected = operationName({ name: machine, uid }, operation);
  if (expected === workflow) return workflow;
  throw new StatusError(
    `--workflow: got ${JSON.stringify(workflow)}, expected ${expected} for operation ${operation} of the Machine ` +
      `with UID ${uid}: the Machine is another one now, or --operation was given by hand (leave it empty)`,
    { reason: 'BadInput' },
  );
}

/** Errors: BadInput when the Node is not the Machine's. */
export function nodeIdentity(facts: MachineFacts, node: JsonObject): HostPlan['node'] {
  const what = `Node ${facts.nodeName}`;
  const uid = text(node, 'metadata', 'uid');
  if (uid === undefined) throw badInput(`${what} metadata.uid`, uid, 'a UID');
  const machine = texts(node, 'metadata', 'annotations')[NODE_MACHINE_ANNOTATION];
  if (machine !== undefined && machine !== facts.name) {
    throw badInput(`${what} annotation ${NODE_MACHINE_ANNOTATION}`, machine, facts.name);
  }
  const providerID = text(node, 'spec', 'providerID');
  if (facts.providerID !== undefined && providerID !== facts.providerID) {
    throw badInput(`${what} spec.providerID`, providerID, `${facts.providerID} as in its Machine`);
  }
  const machineID = text(node, 'status', 'nodeInfo', 'machineID');
  if (machineID === undefined)
    throw badInput(`${what} status.nodeInfo.machineID`, machineID, 'the machine-id of its host');
  return {
    name: facts.nodeName,
    uid,
    machineID,
    ...(providerID === undefined ? {} : { providerID }),
  };
}
