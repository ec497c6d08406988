// Plan -> Workflow: one operation of one Machine.
import type { IWorkflow } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/Workflow';
import { WORKFLOW_SERVICE_ACCOUNT } from '../api/install.ts';
import { boundedName, operationName } from '../api/names.ts';
import {
  CLUSTER_NAME_LABEL,
  MACHINE_LABEL,
  MACHINE_UID_LABEL,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  OPERATION_ANNOTATION,
  OPERATION_LABEL,
} from '../api/labels.ts';
import { FINISH } from '../api/steps.ts';
import { hostStepList } from './host-steps.ts';
import { CONCURRENCY_KEY, concurrencyConfigMapName } from './names.ts';
import { templateRef, updateTasks, type TasksInput } from './update-tasks.ts';

export interface UpdateMachineInput extends TasksInput {
  machine: { namespace: string; name: string; uid: string; cluster: string; nodeName?: string };
  /** Of the operation: counts up per Machine. */
  number: number;
  /** Version that the node reports now, if known. */
  from?: string;
}

/** The same input always gives the same Workflow. Errors: BadInput when the plan lacks a step. */
export function updateMachineWorkflow(input: UpdateMachineInput): IWorkflow {
  const { machine, number, plan, policy, version } = input;
  const name = operationName(machine, number);
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Workflow',
    metadata: {
      name,
      namespace: machine.namespace,
      labels: {
        [MANAGED_BY_LABEL]: MANAGED_BY,
        [CLUSTER_NAME_LABEL]: boundedName(machine.cluster),
        [MACHINE_LABEL]: boundedName(machine.name),
        [MACHINE_UID_LABEL]: machine.uid,
        [OPERATION_LABEL]: String(number),
      },
      annotations: {
        'workflows.argoproj.io/title': title(input),
        'workflows.argoproj.io/description': description(input, name),
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
      entrypoint: 'update',
      // Not `onExit` with a DAG: when the Workflow is stopped Argo ends that before its pod has run.
      hooks: { exit: { templateRef: templateRef(version, FINISH.name) } },
      serviceAccountName: WORKFLOW_SERVICE_ACCOUNT,
      arguments: { parameters: parameters(input) },
      synchronization: synchronization(input),
      // No deadline for the whole: waiting for its turn would count. Each step has its own.
      ttlStrategy: { secondsAfterSuccess: policy.retentionSeconds },
      podGC: { strategy: 'OnWorkflowSuccess' },
      templates: [{ name: 'update', dag: { tasks: updateTasks({ plan, policy, version }) } }],
    },
  };
}

/** Small texts only: no secrets, and no image, or whoever may create a Workflow could choose what runs as root. */
function parameters({ machine, number, plan, policy }: UpdateMachineInput) {
  const values = {
    cluster: machine.cluster,
    machine: machine.name,
    operation: String(number),
    hash: plan.hash,
    'kubernetes-version': plan.kubernetes,
    release: plan.release ?? '',
    steps: hostStepList(plan, policy),
    drain: policy.drain,
    'drain-force': String(policy.drainForce),
    'untested-hosts': policy.untestedHosts,
    'control-plane-method': policy.controlPlane.method,
    'keep-backups': String(policy.keepBackups),
  };
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

/** One control-plane machine of a Cluster at a time; of its workers as many as the ConfigMap says. */
function synchronization({ machine, plan }: UpdateMachineInput) {
  if (plan.role === 'control-plane') return { mutexes: [{ name: `${machine.cluster}-control-plane` }] };
  const configMapKeyRef = { name: concurrencyConfigMapName(machine.cluster), key: CONCURRENCY_KEY };
  return { semaphores: [{ configMapKeyRef }] };
}

/** `worker lab/refit-md-0-abc: v1.33.7 to v1.34.3, operation 3` */
function title({ machine, number, plan, from }: UpdateMachineInput): string {
  const change = from === undefined ? `to ${plan.kubernetes}` : `${from} to ${plan.kubernetes}`;
  const versions = from === plan.kubernetes ? `stays at ${from}` : change;
  return `${plan.role} ${machine.namespace}/${machine.name}: ${versions}, operation ${number}`;
}

function description({ machine, plan }: UpdateMachineInput, name: string): string {
  const disruptive = plan.steps.filter((step) => step.disruptive).map((step) => `\`${step.name}\``);
  const node = machine.nodeName === undefined ? '' : `, Node \`${machine.nodeName}\``;
  return [
    `Updates Machine \`${machine.name}\` (${plan.role} of Cluster \`${machine.cluster}\`${node}) in place.`,
    `Steps that may disturb the node: ${disruptive.join(', ') || 'none'}.`,
    `Where to look: the log of each task here; \`/var/lib/refit/${name}\` on the node; ` +
      `annotation \`${OPERATION_ANNOTATION}\` of the Machine for the result.`,
  ].join('\n\n');
}
