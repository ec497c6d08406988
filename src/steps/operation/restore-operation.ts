// Puts back what an operation changed on the node, the last step first.
import { FLIP_STEPS, type FlipStep } from '../../api/steps.ts';
import { NODE_RECORD_FILE } from '../host/folders.ts';
import type { Host } from '../host/host.ts';
import { restoreStep } from '../host/restore-step.ts';
import { hasUndo } from '../host/undo.ts';
import { readNodeRecord } from '../node/node-record.ts';
import type { Change, StepContext } from '../node/node-step.ts';
import type { NodeSteps } from './node-steps.ts';

/** What can be put back while a newer control plane goes on. */
const BESIDE_CONTROL_PLANE: readonly FlipStep[] = ['kubelet', 'cni', 'containerd'];

export interface Restoration {
  changes: Change[];
  /** For people, one per step. */
  messages: string[];
  /** Something could not be put back: doing it again may help. */
  incomplete: boolean;
}

/**
 * All of it, or, once a new etcd or API server has run, only kubelet, containerd and CNI: what those have written, older
 * ones cannot read. May be cut at any point and repeated.
 */
export async function restoreOperation(
  steps: NodeSteps,
  host: Host,
  context: StepContext,
): Promise<Restoration> {
  const { operation } = context.plan;
  const restoration: Restoration = { changes: [], messages: [], incomplete: false };
  const isForward = await isControlPlaneNewer(steps, host, context);
  // First: it tells of what is about to be taken back.
  if ((await readNodeRecord(host))?.operation === operation) await host.files.remove(NODE_RECORD_FILE);
  for (const name of [...FLIP_STEPS].reverse()) {
    const step = steps.get(name);
    if (step === undefined || !(await hasUndo(host, operation, name))) continue;
    if (isForward && !BESIDE_CONTROL_PLANE.includes(name)) continue;
    const { changes, message, outcome } = await restoreStep(step, host, context);
    restoration.changes.push(...changes);
    restoration.messages.push(`${name}: ${message}`);
    restoration.incomplete ||= outcome === 'incomplete';
  }
  if (isForward) {
    restoration.messages.push(
      'control plane: not put back, since a newer etcd or API server has run: what it wrote, an older one cannot read',
    );
  }
  if (restoration.messages.length === 0) restoration.messages.push('nothing on this node was changed by it');
  return restoration;
}

async function isControlPlaneNewer(steps: NodeSteps, host: Host, context: StepContext): Promise<boolean> {
  const step = steps.get('kubeadm');
  if (step === undefined || !(await hasUndo(host, context.plan.operation, 'kubeadm'))) return false;
  return (await step.restoration?.(host, context)) === 'forward';
}
