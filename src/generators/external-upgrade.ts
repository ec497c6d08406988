// Plans of an owner's Machines -> one Workflow: a sub-DAG per Machine, and the owner's release whatever happens.
import type { IDAGTask } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/DAGTask';
import type { IWorkflow } from '@kubernetes-models/argo-workflows/argoproj.io/v1alpha1/Workflow';
import { stepParameters } from '../api/commands.ts';
import { badInput } from '../api/errors.ts';
import { MACHINE_PARAMETERS, type ExternalCommand } from '../api/external-commands.ts';
import type { Ask } from '../api/external-owner.ts';
import { WORKFLOW_SERVICE_ACCOUNT } from '../api/install.ts';
import { CLUSTER_NAME_LABEL, EXTERNAL_ANNOTATION, MANAGED_BY, MANAGED_BY_LABEL } from '../api/labels.ts';
import { boundedName, machineTask, operationName } from '../api/names.ts';
import type { Policy } from '../api/policy.ts';
import type { StepName } from '../api/steps.ts';
import type { MachineUpgrade } from '../plan/external.ts';
import type { Plan } from '../plan/types.ts';
import { hostStepList } from './host-steps.ts';
import { CONCURRENCY_KEY, concurrencyConfigMapName, externalTemplatesName } from './names.ts';
import { updateTasks } from './update-tasks.ts';

export interface ExternalUpgradeInput {
  ask: Ask;
  /** apiVersion of the owner. */
  apiVersion: string;
  /** Of the upgrade: counts up per owner. */
  number: number;
  /** At least one; in the order in which they are upgraded. */
  upgrades: readonly MachineUpgrade[];
  policy: Policy;
  /** Of Refit: names the templates. */
  version: string;
}

/** The same input always gives the same Workflow. Errors: BadInput when there is nothing to do. */
export function externalUpgradeWorkflow(input: ExternalUpgradeInput): IWorkflow {
  const { ask, number, upgrades, policy, version } = input;
  const [first] = upgrades;
  if (!first) throw badInput('upgrades', undefined, 'at least one Machine');
  const { plan } = first;
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Workflow',
    metadata: {
      name: operationName(ask, number),
      namespace: ask.namespace,
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY, [CLUSTER_NAME_LABEL]: boundedName(ask.cluster) },
      annotations: {
        'workflows.argoproj.io/title': title(input),
        'workflows.argoproj.io/description': description(input),
      },
      ownerReferences: [
        { apiVersion: input.apiVersion, kind: ask.kind, name: ask.name, uid: ask.uid, controller: false },
      ],
    },
    spec: {
      entrypoint: 'upgrade',
      hooks: { exit: { templateRef: externalRef(version, 'release') } },
      serviceAccountName: WORKFLOW_SERVICE_ACCOUNT,
      arguments: { parameters: parameters(input, plan) },
      ...(ask.role === 'control-plane'
        ? { synchronization: { mutexes: [{ name: `${ask.cluster}-control-plane` }] } }
        : {}),
      ttlStrategy: { secondsAfterSuccess: policy.retentionSeconds },
      podGC: { strategy: 'OnWorkflowSuccess' },
      templates: [
        { name: 'upgrade', dag: { tasks: upgradeTasks(input) } },
        {
          name: 'machine',
          inputs: { parameters: MACHINE_PARAMETERS.map((name) => ({ name })) },
          ...(ask.role === 'worker' ? { synchronization: { semaphores: [semaphore(ask.cluster)] } } : {}),
          dag: { tasks: machineTasks(plan, policy, version) },
        },
      ],
    },
  };
}

/** With the workers that the hooks update, whichever Workflow they are in. */
function semaphore(cluster: string) {
  return { configMapKeyRef: { name: concurrencyConfigMapName(cluster), key: CONCURRENCY_KEY } };
}

function parameters({ ask, number, policy }: ExternalUpgradeInput, plan: Plan) {
  const values = {
    cluster: ask.cluster,
    'owner-kind': ask.kind,
    owner: ask.name,
    number: String(number),
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

function upgradeTasks({ ask, upgrades, policy, version }: ExternalUpgradeInput): IDAGTask[] {
  const atOnce = ask.role === 'control-plane' ? 1 : policy.workers.concurrency;
  const names = upgrades.map(({ name }) => machineTask(name));
  return [
    { name: 'prepare', templateRef: externalRef(version, 'prepare') },
    ...upgrades.map((upgrade, index) => ({
      name: names[index] ?? '',
      template: 'machine',
      depends: [
        'prepare',
        ...names.slice(Math.max(0, index - 2 * atOnce + 1), Math.max(0, index - atOnce + 1)),
      ]
        .map((name) => `${name}.Succeeded`)
        .join(' && '),
      arguments: { parameters: machineArguments(upgrade) },
    })),
  ];
}

function machineArguments({ name, uid, number, hash }: MachineUpgrade) {
  const values: Record<(typeof MACHINE_PARAMETERS)[number], string> = {
    machine: name,
    operation: String(number),
    hash,
    workflow: operationName({ name, uid }, number),
  };
  return Object.entries(values).map(([key, value]) => ({ name: key, value }));
}

/** Those of an operation, between two that write the Machine's objects. */
function machineTasks(plan: Plan, policy: Policy, version: string): IDAGTask[] {
  const steps = updateTasks({ plan, policy, version }).map((task) => ({
    ...task,
    templateRef: externalRef(version, task.name as StepName),
    arguments: {
      parameters: [...passed(takenBy(task.name as StepName)), ...(task.arguments?.parameters ?? [])],
    },
  }));
  const own = (name: 'begin' | 'settle') => ({
    name,
    templateRef: externalRef(version, name),
    arguments: { parameters: passed(['machine', 'operation', 'hash']) },
  });
  return [
    own('begin'),
    ...steps.flatMap((task) => {
      if (task.name !== 'complete') return [{ ...task, depends: 'begin.Succeeded' }];
      return [
        { ...own('settle'), ...(task.depends === undefined ? {} : { depends: task.depends }) },
        { ...task, depends: 'settle.Succeeded' },
      ];
    }),
  ];
}

function takenBy(step: StepName): string[] {
  const names = stepParameters(step).map(({ name }) => name);
  return MACHINE_PARAMETERS.filter((name) => name === 'workflow' || names.includes(name));
}

function passed(names: readonly string[]) {
  return names.map((name) => ({ name, value: `{{inputs.parameters.${name}}}` }));
}

function externalRef(version: string, template: ExternalCommand | StepName) {
  return { name: externalTemplatesName(version), template, clusterScope: true };
}

function title({ ask, number, upgrades }: ExternalUpgradeInput): string {
  const machines = upgrades.length === 1 ? '1 Machine' : `${upgrades.length} Machines`;
  return `${ask.kind} ${ask.namespace}/${ask.name}: ${machines} to ${ask.version}, upgrade ${number}`;
}

function description({ ask, upgrades, policy }: ExternalUpgradeInput): string {
  const order =
    ask.role === 'control-plane' ? 'one after the other' : `at most ${policy.workers.concurrency} at a time`;
  return [
    `Upgrades the Machines of ${ask.kind} \`${ask.name}\` (Cluster \`${ask.cluster}\`) in place, ${order}: ` +
      `${upgrades.map(({ name }) => `\`${name}\``).join(', ')}. The owner is paused until then; ` +
      'the first failure keeps the others from beginning.',
    `Where to look: the log of each task here; annotation \`${EXTERNAL_ANNOTATION}\` of the owner for the result.`,
  ].join('\n\n');
}
