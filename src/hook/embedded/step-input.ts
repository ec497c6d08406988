// What a step is told: the parameters of its container, read as the real step reads them. Pure.
import { stepParameters, type OperationCommand } from '../../api/commands.ts';
import { badInput } from '../../api/errors.ts';
import type { ImageMap } from '../../api/policy.ts';
import { drainedFirst, waitingAsNeeded, type ListedStep } from '../../api/host-plan.ts';
import { readStepList, readStepsBehind } from '../../api/step-list.ts';
import { isFlipStep, step as stepRow, type StepName } from '../../api/steps.ts';
import type { MachineView } from '../store.ts';
import type { StepInput } from './node-step.ts';
import type { SimulatedNode } from './node.ts';
import type { SimulatedWorkflow, TaskArguments } from './workflow.ts';

export interface Surroundings {
  machine: MachineView;
  peers: () => readonly SimulatedNode[];
  imageMap: ImageMap | undefined;
}

/** Errors: BadInput for a parameter that is missing or cannot be read. */
export function stepInput(
  step: StepName,
  workflow: SimulatedWorkflow,
  taskArguments: TaskArguments,
  { machine, peers, imageMap }: Surroundings,
): StepInput {
  const parameters = parametersOf(step, workflow, taskArguments);
  const given = (name: string): string => parameters.get(name) ?? '';
  const { containerd, cni } = imageMap?.[given('release')] ?? {};
  return {
    operation: workflow.name,
    machine: { namespace: machine.namespace, name: machine.name, uid: machine.uid },
    cluster: machine.cluster,
    kubernetes: given('kubernetes-version') || (machine.version ?? ''),
    hash: given('hash'),
    release: {
      name: given('release'),
      ...(containerd === undefined ? {} : { containerd }),
      ...(cni === undefined ? {} : { cni }),
    },
    steps: listOf(step, given, taskArguments),
    planSha256: given('plan-sha256'),
    behind: readStepsBehind(given('behind')).map(({ name }) => name),
    drain: given('drain'),
    needed: taskArguments.get('needed') !== 'false',
    // Looked for among all machines: only by the steps that ask.
    get peers() {
      return peers();
    },
  };
}

/** `taskArguments`: what preflight found is there, too. */
function listOf(step: StepName, given: (name: string) => string, taskArguments: TaskArguments): ListedStep[] {
  if (given('steps') === '') return alone(step);
  const listed = readStepList(given('steps'));
  return waitingAsNeeded(
    taskArguments.get('drain-first') === 'true' ? drainedFirst(listed) : listed,
    taskArguments.get('needed') === 'false' ? 'false' : 'true',
  );
}

function alone(step: StepName): ListedStep[] {
  return isFlipStep(step) ? [{ name: step, timeoutSeconds: stepRow(step).timeoutSeconds }] : [];
}

/** The task's argument, else the Workflow's parameter, else the template's default. */
function parametersOf(
  step: OperationCommand,
  workflow: SimulatedWorkflow,
  taskArguments: TaskArguments,
): Map<string, string> {
  const values = new Map<string, string>();
  for (const { name, default: standard } of stepParameters(step)) {
    const value = taskArguments.get(name) ?? workflow.parameters.get(name) ?? standard;
    if (value !== undefined) values.set(name, value);
    else if (name !== 'timeout-seconds')
      throw badInput(`step ${step}: parameter ${name}`, undefined, 'a value');
  }
  return values;
}
