// What the node's own steps will find to do, and whether pods feel it: decides if a node is drained at all.
import type { ControlPlaneMethod, DrainNeed } from '../../api/host-plan.ts';
import type { Action, NodeStep } from './node-step.ts';

export interface Forecast {
  work: boolean;
  /** Some of that work may restart or break containers of the node's pods. */
  drain: DrainNeed;
  /** And that before kubeadm restarts the static pods. */
  drainFirst: boolean;
}

type Paths = readonly string[];

const DISTURBING: readonly NodeStep['name'][] = ['containerd', 'kubeadm', 'kubelet'];
/** A flip does the work of both. */
const FLIPPED: readonly NodeStep['name'][] = ['kubeadm', 'kubelet'];
/** Where a change makes a service or a static pod start again, flag files that do not exist yet included. */
const DISTURBING_PATH =
  /^\/etc\/(containerd|kubernetes\/manifests)\/|\/kubelet\.service(\.d\/|$)|^\/etc\/(default|sysconfig)\/kubelet$|\/kubeadm-flags\.env$/;

/** `kubeletFiles`: those that give the kubelet its flags. */
export function forecast(
  steps: readonly { name: NodeStep['name']; actions: readonly Action[] }[],
  kubeletFiles: Paths,
  method: ControlPlaneMethod = 'kubeadm',
): Forecast {
  const working = steps.filter(({ actions }) => actions.length > 0);
  const disturbs = ({ name, actions }: (typeof steps)[number]): boolean =>
    DISTURBING.includes(name) ||
    (name === 'configure' && actions.some((action) => disturbsPods(action, kubeletFiles)));
  return {
    work: working.length > 0,
    drain: drainNeed(working.filter(disturbs), method),
    drainFirst: working.some(({ name }) => name === 'containerd'),
  };
}

function drainNeed(disturbing: readonly { name: NodeStep['name'] }[], method: ControlPlaneMethod): DrainNeed {
  if (disturbing.length === 0) return 'false';
  const isFlip = method !== 'kubeadm' && disturbing.some(({ name }) => name === 'kubeadm');
  return isFlip && disturbing.every(({ name }) => FLIPPED.includes(name)) ? 'unless-flipped' : 'true';
}

function disturbsPods(action: Action, kubeletFiles: Paths): boolean {
  // Left over when an earlier attempt has written the file already.
  if (action.do === 'run') return action.argv.includes('restart') && action.argv.includes('containerd');
  if (action.do !== 'write' && action.do !== 'remove') return false;
  return DISTURBING_PATH.test(action.path) || kubeletFiles.includes(action.path);
}
