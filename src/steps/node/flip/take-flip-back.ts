// By a person's word: a flip that ended well is taken back. It needs no API while it goes.
import type { DataLoss } from '../../../api/data-loss.ts';
import { StatusError } from '../../../api/errors.ts';
import type { Host } from '../../host/host.ts';
import { awaitReady, containerStarts } from './await-ready.ts';
import { backIntent, moveBack, perform, READY_SECONDS } from './flip-control-plane.ts';
import { readFlipState, type BackIntent, type Flip } from './flip.ts';
import { describeLoss, judgeLoss, type Loss } from './judge-loss.ts';

/** Messages are for people. */
export type FlipBack =
  /** By this operation, or not to its end: its steps are restored as others are. */
  | { is: 'not flipped'; message: string }
  | { is: 'looked at'; message: string }
  /** The old kubelet was started; `isReady` tells whether the API server is there. */
  | { is: 'back'; message: string; flip: Flip };

/**
 * Killed at any point it is called again and goes on; after a power loss the rest is put back before the kubelet starts.
 * Errors: Failed, when it must not go back and nothing was touched, with the reason, also of a look; or when it is half done, with what settles it.
 */
export async function takeFlipBack(host: Host, operation: string, dataLoss: DataLoss): Promise<FlipBack> {
  const state = await readFlipState(host, operation);
  const looks = dataLoss === 'look';
  if (state.is === 'back')
    return looks ? looked('control plane: is back already') : startOld(host, state.intent);
  if (state.is === 'under way' && state.intent.direction === 'back') {
    if (looks) return looked('control plane: is half back: the rest follows');
    await moveBack(host, state.intent, 'move');
    return startOld(host, state.intent);
  }
  if (state.is !== 'flipped') {
    return { is: 'not flipped', message: 'control plane: was not flipped by this operation' };
  }
  const loss = await judgeLoss(host, state.flip);
  const refusal = refusalOf(loss, dataLoss);
  if (refusal !== undefined) throw new StatusError(refusal, { reason: 'Failed' });
  if (looks) return looked(describeLoss(loss));
  host.log(describeLoss(loss));
  const { putsDataBack } = loss;
  const intent = backIntent(host, state.flip, { reason: reasonOf(loss), started: true, putsDataBack });
  await perform(host, operation, [{ do: 'install-unit' }]);
  await moveBack(host, intent, 'quiet');
  return startOld(host, intent);
}

/** Why the old API server is not ready; undefined: it is. */
export async function oldServerProblem(host: Host, { kubernetes }: Flip): Promise<string | undefined> {
  const wait = { kubernetes: kubernetes.from, seconds: READY_SECONDS, before: await containerStarts(host) };
  const { ready, reason, seconds } = await awaitReady(host, wait);
  if (!ready) return `control plane: ${reason}`;
  host.log(`kube-apiserver ${kubernetes.from ?? ''}: ready after ${seconds.toFixed(1)} s`);
  return undefined;
}

/** What stood before the kubelet has nothing to do any more. */
async function startOld(host: Host, { flip, reason }: BackIntent): Promise<FlipBack> {
  await perform(host, flip.operation, [{ do: 'start-kubelet' }, { do: 'remove-unit' }]);
  const old = flip.kubernetes.from ?? 'the old version';
  return { is: 'back', flip, message: `control plane: back at ${old}: ${reason}` };
}

function refusalOf(loss: Loss, dataLoss: DataLoss): string | undefined {
  const told = describeLoss(loss);
  if (loss.obstacles.length > 0) return told;
  if (loss.putsDataBack && dataLoss === 'refuse')
    return `${told}; data-loss: got refuse, expected accept or force`;
  return loss.doubts.length > 0 && dataLoss !== 'force' ? told : undefined;
}

function reasonOf({ putsDataBack, kinds }: Loss): string {
  if (!putsDataBack) return 'a person asked for it; the data of etcd stayed';
  return `a person asked for it; lost: ${[...kinds, 'what else was written since'].join(', ')}`;
}

const looked = (message: string): FlipBack => ({ is: 'looked at', message });
