// What a step on a simulated node is given and gives.
import { StatusError } from '../../api/errors.ts';
import type { ListedStep } from '../../api/host-plan.ts';
import type { StepResult } from '../../api/step-result.ts';
import type { StepName } from '../../api/steps.ts';
import type { SimulatedNode } from './node.ts';

export type NodeStep = Exclude<StepName, 'protect' | 'complete'>;

export interface StepInput {
  /** Name of the operation. */
  operation: string;
  machine: { namespace: string; name: string; uid: string };
  cluster: string;
  kubernetes: string;
  /** Empty: not given, what the node has is taken for right. */
  hash: string;
  release: { name: string; containerd?: string; cni?: string };
  /** What the node does by itself. */
  steps: readonly ListedStep[];
  /** Empty: not given, not checked. */
  planSha256: string;
  /** Steps of the same Workflow that have to end well first. */
  behind: readonly StepName[];
  drain: string;
  /** Of drain: must pods move away? */
  needed: boolean;
  /** The other nodes of the Cluster. */
  peers: readonly SimulatedNode[];
}

export interface StepOutcome {
  changes: StepResult['changes'];
  message: string;
  /** Output parameters. */
  outputs?: Readonly<Record<string, string>>;
}

export function outcome(message: string, changes: StepResult['changes'] = []): StepOutcome {
  return { message, changes };
}

export function failed(what: string, got: string | undefined, expected: string): StatusError {
  return new StatusError(`${what}: got ${got ?? 'none'}, expected ${expected}`, { reason: 'Failed' });
}
