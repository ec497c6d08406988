// The steps that write the Machine, with what they know of a simulated node.
import { completionAnnotations, type Completion } from '../../api/completion.ts';
import type { MachineView } from '../store.ts';
import type { SimulatedNode } from './node.ts';
import type { Annotations } from './objects.ts';

/** Errors: StatusError Failed when the Machine's record is not of this operation, or the node is not as desired. */
export function completeAnnotations(
  machine: MachineView,
  node: SimulatedNode,
  wanted: Completion,
): Annotations {
  return completionAnnotations(machine, { kubeletVersion: node.versions.kubelet, ready: node.ready }, wanted);
}
