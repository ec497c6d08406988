// The Workflow of a rollback: puts the node of a Machine back to what it was before an operation.
import type { IWorkflow } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/Workflow';
import type { DataLoss } from '../api/data-loss.ts';
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
  dataLoss: Exclude<DataLoss, 'look'>;
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
  const { machine, number, attempt } = input;
  const labels = {
    [MACHINE_UID_LABEL]: machine.uid,
    [OPERATION_LABEL]: String(number),
    [ROLLBACK_LABEL]: String(attempt),
  };
  const title = `${titleOf(input)} is put back${input.to === undefined ? '' : `, to ${input.to}`}`;
  return workflow(input, { suffix: `-rollback-${attempt}`, labels, title, dataLoss: input.dataLoss });
}

/** Only says what a rollback would lose: nothing waits for it, and nobody takes it for one. `at`: makes its name. */
export function rollbackLookWorkflow(
  input: Omit<RollbackInput, 'attempt' | 'dataLoss'>,
  at: Date,
): IWorkflow {
  const title = `${titleOf(input)}: what would be lost if it were put back`;
  const suffix = `-look-${Math.floor(at.getTime() / 1000)}`;
  return workflow(input, { suffix, labels: {}, title, dataLoss: 'look' });
}

function workflow(
  input: Omit<RollbackInput, 'attempt' | 'dataLoss'>,
  own: { suffix: string; labels: Record<string, string>; title: string; dataLoss: DataLoss },
): IWorkflow {
  const { machine, number, stepTemplates } = input;
  const templateRef = { name: stepTemplates, template: ROLLBACK.name, clusterScope: true };
  const parameters = {
    cluster: machine.cluster,
    machine: machine.name,
    operation: String(number),
    release: '',
  };
  const given = { parameters: [{ name: 'data-loss', value: own.dataLoss }] };
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Workflow',
    metadata: {
      name: boundedName(operationName(machine, number), own.suffix),
      namespace: machine.namespace,
      labels: {
        [CLUSTER_NAME_LABEL]: boundedName(machine.cluster),
        [MACHINE_LABEL]: boundedName(machine.name),
        ...own.labels,
      },
      annotations: {
        'workflows.argoproj.io/title': own.title,
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
      templates: [
        { name: ROLLBACK.name, dag: { tasks: [{ name: ROLLBACK.name, templateRef, arguments: given }] } },
      ],
    },
  };
}

const DESCRIPTION = [
  'Asked for by a person. What an operation changed on the node is put back, the last step first, where that can be done.',
  'The Machine is marked blocked: Cluster API still asks for the newer state. `refit retry` goes forward again.',
].join('\n\n');

/** `worker lab/refit-md-0-abc: operation 3` */
function titleOf({ machine, role, number }: Pick<RollbackInput, 'machine' | 'role' | 'number'>): string {
  return `${role} ${machine.namespace}/${machine.name}: operation ${number}`;
}
