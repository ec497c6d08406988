import type { StepCommand } from '../api/commands.ts';

/** What each step does, in a line; shown in the Argo UI with its template. */
export const STEP_DESCRIPTIONS: Readonly<Record<StepCommand, string>> = {
  preflight:
    'Looks whether the update can be done, what has work, and whether the node must be drained for it.',
  protect: 'Keeps the Machine from being remediated or drained by others while its node is worked on.',
  backup: 'Saves the configuration of the node, and a snapshot of etcd on a control plane.',
  stage: 'Copies and checks the new binaries, and writes the plan file of the node.',
  prepull: 'Pulls the images that the new version needs.',
  drain:
    'Cordons the node and evicts its pods, respecting PodDisruptionBudgets; then lets the node go on with its list.',
  containerd: 'Replaces containerd and restarts it; running containers go on.',
  cni: 'Replaces the CNI plugins.',
  kubeadm: 'Replaces kubeadm and upgrades the node with it; on a control plane its static pods restart.',
  configure: 'Writes files, kubelet arguments and certificates that changed.',
  kubelet: 'Replaces kubelet and kubectl, and restarts the kubelet.',
  verify:
    'Checks that the node works and reports the wanted version; then uncordons it, if an operation cordoned it.',
  uncordon: 'By hand: lets pods be scheduled on the node again, if Refit cordoned it.',
  complete: 'Records the result on the Machine and takes away what protect set.',
  rollback:
    'By hand: puts the components of the node back as they were before an operation, where that can be done.',
  'renew-certificates':
    "By hand: makes kubeadm's certificates of a control-plane node anew, if one expires within 60 days.",
  finish: 'Runs after the Workflow whatever happened: reports a failure and whether the host still works.',
};
