// The steps that this program can do.
import type { NodeCommand } from '../../api/commands.ts';
import { StatusError } from '../../api/errors.ts';
import type { NodeStep } from '../node/node-step.ts';

export type NodeSteps = ReadonlyMap<NodeCommand, NodeStep>;

/** Errors: Failed for one that is not among them. */
export function stepOf(steps: NodeSteps, name: NodeCommand): NodeStep {
  const step = steps.get(name);
  if (step !== undefined) return step;
  throw new StatusError(`step ${name}: this program cannot do it`, { reason: 'Failed' });
}
