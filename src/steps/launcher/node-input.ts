// What is handed to the node, from what the clusters say. Pure.
import type { NodeCommand } from '../../api/commands.ts';
import { desiredConfigurationDigest, type DesiredConfiguration } from '../../api/desired-configuration.ts';
import { StatusError } from '../../api/errors.ts';
import { hostPlanDigest, type HostPlan } from '../../api/host-plan.ts';
import { jsonDigest } from '../../api/json.ts';
import type { NodeInput } from '../../api/node-input.ts';
import { FLIP_STEPS, type FlipStep, type Role } from '../../api/steps.ts';
import type { StepFlags } from '../api/api-step.ts';
import type { MachineFacts } from './machine-facts.ts';

export interface InputFacts {
  command: NodeCommand;
  flags: StepFlags;
  facts: MachineFacts;
  role: Role;
  node: HostPlan['node'];
  kubernetes: string;
  release: string;
  desired: DesiredConfiguration;
  /** Of preflight. */
  hasElsewhere?: boolean;
}

/** A Secret holds 1 MiB; its key and the rest of the object need little. */
export const MAX_INPUT_BYTES = 1024 * 1024 - 1024;

/** Errors: BadInput when the plan is not the one that `stage` left on the node, or when it is all too large. */
export function nodeInput(input: InputFacts): NodeInput {
  const { command, flags, desired, hasElsewhere } = input;
  const plan = hostPlan(input);
  if (flags.planSha256 !== '' && hostPlanDigest(plan) !== flags.planSha256) {
    throw new StatusError(
      `the plan that was staged is not what is asked for now: sha256 ${hostPlanDigest(plan)}, expected ` +
        `${flags.planSha256}: Machine, Node, files, their Secrets, kubeadm-config or the image map changed since`,
      { reason: 'BadInput' },
    );
  }
  const made: NodeInput = {
    version: 1,
    step: command,
    timeoutSeconds: flags.timeoutSeconds,
    plan,
    planSha256: flags.planSha256,
    ...(getsDesired(input) ? { desired } : {}),
    ...(hasElsewhere === undefined ? {} : { hasElsewhere }),
    ...(command === 'drain' ? { drained: true } : {}),
    ...(command === 'rollback' ? { dataLoss: flags.dataLoss } : {}),
    ...(flags.workflowStatus === undefined ? {} : { workflowStatus: flags.workflowStatus }),
  };
  checkSize(made);
  return made;
}

/** Does the step's plan depend on what the Machine asks for? The others go on when that cannot be resolved any more. */
export function needsDesired(command: NodeCommand): boolean {
  return command !== 'finish' && command !== 'rollback' && command !== 'renew-certificates';
}

/** For steps that get none. */
export const NOTHING_DESIRED: DesiredConfiguration = {
  version: 1,
  files: [],
  kubeletExtraArgs: [],
  ignorePreflightErrors: [],
  certSANs: [],
};

/**
 * Of what a launch is for. Without the contents, which it names by their digest; without what the cluster shows at the
 * moment: of several who launch the same, each with another view, the first one counts.
 */
export function inputDigest(input: NodeInput): string {
  return jsonDigest({ ...input, desired: undefined, hasElsewhere: undefined });
}

function hostPlan({ command, flags, facts, role, node, kubernetes, release, desired }: InputFacts): HostPlan {
  return {
    version: 1,
    operation: facts.operation,
    hash: flags.hash,
    machine: { namespace: facts.namespace, name: facts.name, uid: facts.uid },
    cluster: flags.cluster,
    node,
    role,
    kubernetes,
    release,
    desiredSha256: desiredConfigurationDigest(desired),
    policy: { untestedHosts: flags.untestedHosts, keepBackups: flags.keepBackups },
    ...(role === 'control-plane' ? { controlPlane: { method: flags.controlPlaneMethod } } : {}),
    steps: flags.steps.length > 0 ? [...flags.steps] : alone(command, flags.timeoutSeconds),
  };
}

function alone(command: NodeCommand, timeoutSeconds: number): HostPlan['steps'] {
  return isFlipStep(command) ? [{ name: command, timeoutSeconds }] : [];
}

export function isFlipStep(command: string): command is FlipStep {
  return (FLIP_STEPS as readonly string[]).includes(command);
}

function getsDesired({ command, role }: InputFacts): boolean {
  if (command === 'prepull') return role === 'control-plane';
  return command === 'preflight' || command === 'stage' || isFlipStep(command);
}

function checkSize(input: NodeInput): void {
  const bytes = Buffer.byteLength(JSON.stringify(input));
  if (bytes <= MAX_INPUT_BYTES) return;
  const [biggest] = [...(input.desired?.files ?? [])].sort((a, b) => b.content.length - a.content.length);
  throw new StatusError(
    `files: got ${bytes} bytes in all, encoded, expected at most ${MAX_INPUT_BYTES}, what a Secret holds; ` +
      `the biggest is ${biggest?.path ?? 'none'}`,
    { reason: 'BadInput' },
  );
}
