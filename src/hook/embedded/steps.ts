// Plays the containers of a Workflow's tasks: each step takes its time and acts on a simulated node or its Machine.
import type { Clock } from '../../api/clock.ts';
import type { OperationCommand } from '../../api/commands.ts';
import { badInput, StatusError } from '../../api/errors.ts';
import { stepsAtDrain } from '../../api/host-plan.ts';
import type { ImageMap } from '../../api/policy.ts';
import { NOTHING_TO_DO, stepResultSchema } from '../../api/step-result.ts';
import { protection } from '../../api/protection.ts';
import { writeStepList } from '../../api/step-list.ts';
import { FINISH, isFlipStep, step as stepRow, STEPS_WITHOUT_WORK, type StepName } from '../../api/steps.ts';
import type { MachineView } from '../store.ts';
import { startHostUnit, type HostUnit } from './host-unit.ts';
import { completeAnnotations } from './machine-steps.ts';
import { outcome, type StepInput, type StepOutcome } from './node-step.ts';
import { performOnNode, removeCordon } from './node-steps.ts';
import type { SimulatedNode } from './node.ts';
import { key, type Objects } from './objects.ts';
import { createStepEnds, type Outputs } from './step-ends.ts';
import { stepInput } from './step-input.ts';
import type { SimulatedWorkflow, TaskArguments } from './workflow.ts';

export interface StepsOptions {
  clock: Clock;
  objects: Objects;
  /** How long a step takes. */
  stepSeconds: (step: OperationCommand) => number;
  /** What the releases hold; without it containerd and the CNI plugins are left alone. */
  imageMap: () => ImageMap | undefined;
  /** Why this run of the step must fail, if it must. */
  takeFailure: (step: OperationCommand) => string | undefined;
  /** Ends everything. */
  closing: AbortSignal;
}

/** The steps of one Workflow. */
export interface WorkflowSteps {
  /** Gives the output parameters. Once the signal aborts, the step's pod is gone. Errors: StatusError. */
  perform(step: OperationCommand, given: TaskArguments, signal: AbortSignal): Promise<Outputs>;
  /** The node's unit ends before its next step. */
  cancel(): void;
}

interface Subject {
  machine: MachineView;
  node: SimulatedNode;
  input: StepInput;
}

export function createSteps(options: StepsOptions): (workflow: SimulatedWorkflow) => WorkflowSteps {
  const { clock, objects, closing } = options;
  const units = new WeakMap<SimulatedNode, HostUnit<StepOutcome>>();

  return (workflow) => {
    const machineName = { namespace: workflow.namespace, name: workflow.machine };
    const ends = createStepEnds();
    let cancelled = false;

    function perform(step: OperationCommand, given: TaskArguments, signal: AbortSignal): Promise<Outputs> {
      if (step === FINISH.name) return finish(signal);
      return ends.told(step, performStep(step, given, signal));
    }

    async function performStep(step: StepName, given: TaskArguments, signal: AbortSignal): Promise<Outputs> {
      const { hasWork, told } = await ends.behind(subject(step, given).input.behind);
      const all = new Map([...given, ...told]);
      const startedAt = clock.now();
      const act = step === 'drain' ? drain : step === 'verify' ? verify : isFlipStep(step) ? attach : doOnce;
      const { message, changes, outputs } =
        hasWork || STEPS_WITHOUT_WORK.includes(step) ? await act(step, all, signal) : outcome(NOTHING_TO_DO);
      const result = stepResultSchema.parse({
        version: 1,
        step,
        operation: workflow.name,
        outcome: changes.length > 0 ? 'changed' : 'unchanged',
        message,
        startedAt: startedAt.toISOString(),
        durationSeconds: (clock.now().getTime() - startedAt.getTime()) / 1000,
        changes,
      });
      return { ...outputs, result: JSON.stringify(result) };
    }

    async function doOnce(step: StepName, given: TaskArguments, signal: AbortSignal): Promise<StepOutcome> {
      if (stepRow(step).onNode) await otherUnitEnded(subject(step, given).node, signal);
      await takeTime(step, signal);
      // Looked up again: the Machine may have changed meanwhile.
      return effect(step, subject(step, given));
    }

    /** Hands the node its list, or finds that it has it, and waits for the one step. */
    async function attach(step: StepName, given: TaskArguments, signal: AbortSignal): Promise<StepOutcome> {
      const { unit, input } = await handedOver(step, given, signal);
      const result = await unit.result(step);
      if (!result) throw badInput('parameter steps', writeStepList(input.steps), `${step} among them`);
      if ('error' in result) throw result.error;
      return result.outcome;
    }

    async function handedOver(step: StepName, given: TaskArguments, signal: AbortSignal) {
      const { node, input } = subject(step, given);
      await otherUnitEnded(node, signal);
      let unit = units.get(node);
      const isKnown = !isFlipStep(step) || unit?.result(step) !== undefined;
      if (unit?.operation !== workflow.name || !isKnown) {
        unit = startHostUnit(workflow.name, input.steps, (next) => onHost(next, node, input));
        units.set(node, unit);
      }
      return { unit, input };
    }

    /** The node gets as far as it may undrained, then its pods move away, then it goes on. */
    async function drain(step: StepName, given: TaskArguments, signal: AbortSignal): Promise<StepOutcome> {
      if (subject(step, given).input.planSha256 === '') return doOnce(step, given, signal);
      const { unit, input } = await handedOver(step, given, signal);
      const { before } = stepsAtDrain(input.steps);
      const reached = before && (await unit.result(before.name));
      if (before && reached && 'error' in reached)
        throw new StatusError(`not drained: step ${before.name} failed`, { reason: 'Failed' });
      try {
        const done = await doOnce(step, given, signal);
        unit.goOn();
        return done;
      } catch (error) {
        if (error instanceof StatusError && error.reason === 'Failed') unit.cancel();
        throw error;
      }
    }

    /** Alone when there was nothing to hand over. */
    async function verify(step: StepName, given: TaskArguments, signal: AbortSignal): Promise<StepOutcome> {
      const act = subject(step, given).input.planSha256 === '' ? doOnce : attach;
      const done = await act(step, given, signal);
      if (!removeCordon(subject(step, given).node)) return done;
      objects.mirrorNode(machineName);
      const changes = [...done.changes, { what: 'unschedulable', from: 'true' }];
      return { ...done, message: `${done.message}; uncordoned`, changes };
    }

    /** Works from what it was handed, and goes on when the Workflow or the Machine is gone. */
    async function onHost(step: StepName, node: SimulatedNode, input: StepInput): Promise<StepOutcome> {
      await takeTime(step, closing);
      return onNode(step, node, input);
    }

    async function finish(signal: AbortSignal): Promise<Outputs> {
      const unit = ownUnit();
      unit?.cancel();
      await unit?.ended;
      await takeTime(FINISH.name, signal);
      return { host: 'idle' };
    }

    /** A node belongs to one operation at a time. Who is told to stop while it waits does not begin. */
    async function otherUnitEnded(node: SimulatedNode, signal: AbortSignal): Promise<void> {
      for (let unit = units.get(node); unit?.isWorking() && unit.operation !== workflow.name;) {
        await unit.ended;
        unit = units.get(node);
      }
      if (cancelled || signal.aborted) throw new StatusError('not begun: told to stop', { reason: 'Failed' });
    }

    async function takeTime(step: OperationCommand, signal: AbortSignal): Promise<void> {
      await clock.sleep(options.stepSeconds(step), AbortSignal.any([signal, closing]));
      if (signal.aborted || closing.aborted) throw new StatusError('interrupted', { reason: 'Unavailable' });
      const failure = options.takeFailure(step);
      if (failure !== undefined) throw new StatusError(failure, { reason: 'Failed' });
    }

    function effect(step: StepName, { machine, node, input }: Subject): StepOutcome {
      const now = clock.now();
      const { operation } = workflow;
      switch (step) {
        case 'protect':
          objects.annotate(machine, protection(machine.annotations, now));
          return { message: 'remediation and deletion are held back', changes: [{ what: 'Machine' }] };
        case 'complete':
          objects.annotate(
            machine,
            completeAnnotations(machine, node, { operation, kubernetes: input.kubernetes, now }),
          );
          return { message: 'recorded on the Machine', changes: [{ what: 'Machine' }] };
        default:
          return onNode(step, node, input);
      }
    }

    function onNode(step: StepName, node: SimulatedNode, input: StepInput): StepOutcome {
      if (step === 'protect' || step === 'complete')
        throw badInput('parameter steps', step, 'steps of a node');
      const done = performOnNode(node, step, input);
      objects.mirrorNode(machineName);
      return done;
    }

    function subject(step: StepName, given: TaskArguments): Subject {
      const machine = objects.machines.get(key(machineName));
      const node = objects.node(machineName.namespace, machineName.name);
      if (machine?.uid !== workflow.machineUid || !node) {
        throw new StatusError(
          `Machine ${key(machineName)} (uid ${workflow.machineUid}) or its node not found`,
          {
            reason: 'NotFound',
          },
        );
      }
      const surroundings = { machine, peers: () => objects.peers(machine), imageMap: options.imageMap() };
      return { machine, node, input: stepInput(step, workflow, given, surroundings) };
    }

    function ownUnit(): HostUnit<StepOutcome> | undefined {
      const node = objects.node(machineName.namespace, machineName.name);
      const unit = node && units.get(node);
      return unit?.operation === workflow.name ? unit : undefined;
    }

    return {
      perform,
      cancel() {
        cancelled = true;
        ownUnit()?.cancel();
      },
    };
  };
}
