// The Workflow of a rollback: puts the node of a Machine back to what it was before an operation.
import type { IWorkflow } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/Workflow';
import { WORKFLOW_SERVICE_ACCOUNT } from '../api/install.ts';
import {
  CLUSTER_NAME_LABEL,
  MACHINE_LABEL,
  MACHINE_UID_LABEL,
  OPERATION_LABEL,
  ROLLBACK_LABEL,
} from '../api/labels.ts';
import { boundedName, operationName } from '../api/names.ts';
import { ROLLBACK, type Role } from '../api/steps.ts';

export interface RollbackInput {
  machine: { namespace: string; name: string; uid: string; cluster: string };
  role: Role;
  /** Of the operation that is put back. */
  number: number;
  /** Counts the tries: each is a Workflow, and Jobs on the node, of its own. */
  attempt: number;
  /** Version that the node goes back to, if known. */
  to?: string;
  /** Name of the ClusterWorkflowTemplate with the steps. */
  stepTemplates: string;
  retentionSeconds: number;
}

/**
 * The same input always gives the same Workflow. Without the label of an operation's Workflow: the server must not take
 * its end for that of an update.
 */
export function rollbackWorkflow(input: RollbackInput): IWorkflow {
  const { machine, number, stepTemplates } = input;
  const templateRef = { name: stepTemplates, template: ROLLBACK.name, clusterScope: true };
  const parameters = {
    cluster: machine.cluster,
    machine: machine.name,
    operation: String(number),
    release: '',
  };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Workflow',
    metadata: {
      name: rollbackName(machine, number, input.attempt),
      namespace: machine.namespace,
      labels: {
        [CLUSTER_NAME_LABEL]: boundedName(machine.cluster),
        [MACHINE_LABEL]: boundedName(machine.name),
        [MACHINE_UID_LABEL]: machine.uid,
        [OPERATION_LABEL]: String(number),
        [ROLLBACK_LABEL]: String(input.attempt),
      },
      annotations: {
        'workflows.argoproj.io/title': title(input),
        'workflows.argoproj.io/description': DESCRIPTION,
      },
      ownerReferences: [
        {
          apiVersion: 'cluster.x-k8s.io/v1beta2',
          kind: 'Machine',
          name: machine.name,
          uid: machine.uid,
          controller: false,
        },
      ],
    },
    spec: {
      entrypoint: ROLLBACK.name,
      serviceAccountName: WORKFLOW_SERVICE_ACCOUNT,
      arguments: { parameters: Object.entries(parameters).map(([name, value]) => ({ name, value })) },
      ...(input.role === 'control-plane'
        ? { synchronization: { mutexes: [{ name: `${machine.cluster}-control-plane` }] } }
        : {}),
      ttlStrategy: { secondsAfterSuccess: input.retentionSeconds },
      podGC: { strategy: 'OnWorkflowSuccess' },
      templates: [{ name: ROLLBACK.name, dag: { tasks: [{ name: ROLLBACK.name, templateRef }] } }],
    },
  };
}

function rollbackName(machine: { name: string; uid: string }, number: number, attempt: number): string {
  return boundedName(operationName(machine, number), `-rollback-${attempt}`);
}

const DESCRIPTION = [
  'Asked for by a person. What an operation changed on the node is put back, the last step first, where that can be done.',
  'The Machine is marked blocked: Cluster API still asks for the newer state. `refit retry` goes forward again.',
].join('\n\n');

/** `worker lab/refit-md-0-abc: operation 3 is put back, to v1.33.7` */
function title({ machine, role, number, to }: RollbackInput): string {
  const target = to === undefined ? '' : `, to ${to}`;
  return `${role} ${machine.namespace}/${machine.name}: operation ${number} is put back${target}`;
}
