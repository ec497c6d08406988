// May the node be updated, is there anything to do on it, must it be drained?
import { StatusError } from '../../api/errors.ts';
import { isAboveApiServer, oldest, versionRefusal } from '../../api/version.ts';
import { failed, outcome, type StepInput, type StepOutcome } from './node-step.ts';
import type { NodeVersions, SimulatedNode } from './node.ts';

/** Errors: StatusError Failed for a version that the node may not go to. */
export function preflight(node: SimulatedNode, input: StepInput): StepOutcome {
  const { kubernetes, drain, peers } = input;
  const refusal = versionRefusal(node.versions.kubelet, kubernetes, 'kubernetes-version');
  if (refusal !== undefined) throw new StatusError(`kubelet: ${refusal}`, { reason: 'Failed' });
  // The own API server of a control-plane node is brought up before its kubelet.
  if (node.role === 'worker') checkSkew(node, input);
  const isWork = hasWork(node, input);
  const outputs = {
    work: String(isWork),
    drain: String(isWork && mayDrain(drain, peers)),
    'drain-first': String(isNewContainerd(node, input)),
  };
  return { ...outcome(isWork ? 'there is work' : 'nothing to do'), outputs };
}

/** Never on the only schedulable node: its pods would have nowhere to go. Taints are not simulated. */
export function mayDrain(drain: string, peers: readonly SimulatedNode[]): boolean {
  return drain !== 'never' && peers.some((peer) => !peer.cordoned);
}

/** A kubelet may not be newer (by minor) than the API server that it talks to. Errors: StatusError Failed. */
export function checkSkew(node: SimulatedNode, { kubernetes, peers }: StepInput): void {
  const own = node.versions['kube-apiserver'];
  const apiServer = own ?? oldest(peers.flatMap(({ versions }) => versions['kube-apiserver'] ?? []));
  if (apiServer === undefined || !isAboveApiServer(kubernetes, apiServer)) return;
  throw failed('kubelet', kubernetes, `at most the minor version of the API server, ${apiServer}`);
}

/** It may disturb pods, and comes before all else that the node does. */
function isNewContainerd(node: SimulatedNode, { release }: StepInput): boolean {
  return release.containerd !== undefined && node.versions.containerd !== release.containerd;
}

/** Does anything differ from what is wanted? */
export function hasWork(node: SimulatedNode, { kubernetes, hash, release }: StepInput): boolean {
  const wanted: [keyof NodeVersions, string | undefined][] = [
    ['kubelet', kubernetes],
    ['kubeadm', kubernetes],
    ['kube-apiserver', node.role === 'control-plane' ? kubernetes : undefined],
    ['containerd', release.containerd],
    ['cni', release.cni],
  ];
  const differs = wanted.some(([name, version]) => version !== undefined && node.versions[name] !== version);
  return differs || (hash !== '' && hash !== node.hash);
}
