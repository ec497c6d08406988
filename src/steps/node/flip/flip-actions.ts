// The second method of the step `kubeadm` on control planes: all static pods and the kubelet at once.
import { FLIP_CHANGE } from '../../../api/step-result.ts';
import type { Host } from '../../host/host.ts';
import { awaitOwnApiServer } from '../control-plane-health.ts';
import { flagRefusals, inspectFlags, localServerWrite } from '../kubelet-inputs.ts';
import { isNewerMinor } from '../kubelet.ts';
import type { HostLayout } from '../layout.ts';
import type { Action, StepContext } from '../node-step.ts';
import { programVersion } from '../program-version.ts';
import { readDecision } from './decision.ts';
import { readFlipState, type Flip } from './flip.ts';
import { flipControlPlane } from './flip-control-plane.ts';
import { removeIntentUnit } from './intent-unit.ts';
import { performCommand } from './perform-command.ts';
import { planFlip } from './plan-flip.ts';
import { rejectedFlags } from './rejected-flags.ts';
import { settleIntent } from './settle-flip.ts';

export interface FlipActions {
  /** No method leads to a control plane that runs. */
  refusals: string[];
  /** Empty: kubeadm moves the control plane. */
  actions: Action[];
  notes: string[];
}

const NONE: FlipActions = { refusals: [], actions: [], notes: [] };

/** What comes before `kubeadm upgrade node`. Errors: StatusError. */
export async function flipActions(
  host: Host,
  context: StepContext,
  layout: HostLayout,
): Promise<FlipActions> {
  const { plan } = context;
  if (plan.role !== 'control-plane') return NONE;
  const state = await readFlipState(host, plan.operation);
  // Once begun it is taken up, whatever the node looks like.
  if (state.is !== 'untouched')
    return { ...NONE, actions: [flipAction(state.is === 'flipped' ? state.flip : state.intent.flip)] };
  const decision = await readDecision(host, plan.operation);
  if (!decision) return NONE;
  if (decision.method === 'kubeadm') return byKubeadm(decision.reasons);
  // After a power loss that came before anything had moved, the old ones are only starting.
  await awaitOwnApiServer(host);
  // kubeadm would find out, too, minutes after it has stopped the old ones.
  const rejected = await rejectedFlags(host, plan.operation);
  if (rejected.length > 0) return { ...NONE, refusals: rejected };
  const { flip, reasons } = await planFlip(host, context, layout, decision);
  if (!flip || reasons.length > 0) return byKubeadm(reasons);
  const flags = await inspectFlags(host, layout, plan.kubernetes);
  const unknown = await flagRefusals(host, flags, context, flip.kubelet.staged);
  if (unknown.length > 0) return byKubeadm(unknown);
  const isNewer = isNewerMinor(await programVersion(host, 'kubelet', layout.kubelet), plan.kubernetes);
  const server = isNewer ? await localServerWrite(host, flags.kubeconfigFile) : undefined;
  // The old kubelet can do with these, too: they need not wait until it is stopped.
  const writes = [...(server ? [server] : []), ...flags.writes];
  const reload: Action[] = writes.length > 0 ? [{ do: 'run', argv: ['systemctl', 'daemon-reload'] }] : [];
  return { ...NONE, actions: [...writes, ...reload, flipAction(flip)] };
}

function flipAction(flip: Flip): Action {
  const { from, to } = flip.kubernetes;
  return {
    do: 'work',
    what: 'flip the control plane: static pods and kubelet at once',
    perform: (host) => flipControlPlane(host, flip),
    change: { what: FLIP_CHANGE, ...(from === undefined ? {} : { from }), to },
  };
}

function byKubeadm(reasons: readonly string[]): FlipActions {
  return reasons.length === 0
    ? NONE
    : { ...NONE, notes: [`control plane: moved by kubeadm, not flipped: ${reasons.join('; ')}`] };
}

/** Before the step is taken back: a half-done flip comes to an end first, and the kubelet is started. */
export async function endFlip(host: Host, operation: string): Promise<void> {
  const settled = await settleIntent(host, operation);
  await removeIntentUnit(host);
  if (settled === 'nothing to do') return;
  host.log(`flip: ${settled}`);
  await performCommand(host, operation, { do: 'start-kubelet' });
}
