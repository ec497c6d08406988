import { STEP_PARAMETERS, stepParameters, type StepCommand } from '../../api/commands.ts';
import { DATA_LOSS } from '../../api/data-loss.ts';
import { badInput } from '../../api/errors.ts';
import { CONTROL_PLANE_METHODS } from '../../api/host-plan.ts';
import { readStepList, readStepsBehind } from '../../api/step-list.ts';
import type { StepFlags } from '../api/api-step.ts';

/** What commander read, by the names of the flags in camel case. */
type StepOptions = Readonly<Record<string, unknown>>;

/** Errors: BadInput naming the first flag that is wrong. */
export function stepFlags(options: StepOptions): StepFlags {
  const value = (flag: string): string => given(options, flag);
  return {
    namespace: objectName('namespace', value('namespace')),
    workflow: objectName('workflow', value('workflow')),
    workflowStatus: value('workflow-status') || undefined,
    cluster: objectName('cluster', value('cluster')),
    machine: objectName('machine', value('machine')),
    operation: operationNumber(value('operation')),
    hash: value('hash'),
    kubernetesVersion: value('kubernetes-version'),
    release: value('release'),
    steps: readStepList(value('steps')),
    planSha256: planDigest(value('plan-sha256')),
    behind: readStepsBehind(value('behind')).map(({ name: step, timeoutSeconds }) => ({
      step,
      flags: stepFlags(ownOptions(step, options, timeoutSeconds)),
    })),
    drain: oneOf('drain', value('drain'), ['auto', 'always', 'never']),
    needed: 'true',
    drainForce: oneOf('drain-force', value('drain-force'), ['false', 'true']) === 'true',
    untestedHosts: oneOf('untested-hosts', value('untested-hosts'), ['refuse', 'allow']),
    controlPlaneMethod: oneOf('control-plane-method', value('control-plane-method'), CONTROL_PLANE_METHODS),
    dataLoss: oneOf('data-loss', value('data-loss'), DATA_LOSS),
    keepBackups: keepBackups(value('keep-backups')),
    timeoutSeconds: Number(options['timeoutSeconds']),
  };
}

/** What the same Workflow gives the other step: its launch is the same one then, whoever begins it. It waits for none from here. */
function ownOptions(step: StepCommand, options: StepOptions, timeoutSeconds: number): StepOptions {
  const others = STEP_PARAMETERS.filter((parameter) => !stepParameters(step).includes(parameter));
  const without = Object.fromEntries(others.map(({ name }) => [optionOf(name), undefined]));
  return { ...options, ...without, workflowStatus: undefined, behind: undefined, timeoutSeconds };
}

/** A flag that the step does not take has its default, too. */
function given(options: StepOptions, flag: string): string {
  const value = options[optionOf(flag)];
  if (typeof value === 'string') return value;
  return STEP_PARAMETERS.find(({ name }) => name === flag)?.default ?? '';
}

function optionOf(flag: string): string {
  return flag.replaceAll(/-(.)/g, (_dash, letter: string) => letter.toUpperCase());
}

/** Names become parts of paths and of other names. */
function objectName(flag: string, value: string): string {
  if (value.length > 253 || !/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(value)) {
    throw badInput(`--${flag}`, value, 'the name of a Kubernetes object');
  }
  return value;
}

function operationNumber(value: string): number | undefined {
  if (value === '') return undefined;
  if (!/^[1-9]\d{0,8}$/.test(value)) throw badInput('--operation', value, 'a number above 0, or nothing');
  return Number(value);
}

function planDigest(value: string): string {
  if (!/^([0-9a-f]{64})?$/.test(value)) throw badInput('--plan-sha256', value, 'a sha256, or nothing');
  return value;
}

function keepBackups(value: string): number {
  if (!/^\d{1,3}$/.test(value)) throw badInput('--keep-backups', value, 'a number');
  return Number(value);
}

function oneOf<T extends string>(flag: string, value: string, values: readonly T[]): T {
  const found = values.find((candidate) => candidate === value);
  if (found === undefined) throw badInput(`--${flag}`, value, values.join(', '));
  return found;
}
