import type { OperationCommand } from '../../api/commands.ts';

/** About what the steps take on a real node (simulated seconds). */
const SECONDS: Partial<Record<OperationCommand, number>> = {
  backup: 12,
  stage: 20,
  prepull: 25,
  drain: 35,
  containerd: 10,
  kubeadm: 70,
  kubelet: 15,
  verify: 20,
};

export function stepSeconds(step: OperationCommand): number {
  return SECONDS[step] ?? 6;
}
