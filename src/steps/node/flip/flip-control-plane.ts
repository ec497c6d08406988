// Flips the control plane of this node, or takes up a flip that was cut: all at once to the new state, or back to the old.
import { StatusError } from '../../../api/errors.ts';
import type { Host } from '../../host/host.ts';
import { reasonOf } from '../../host/messages.ts';
import { awaitReady, containerStarts } from './await-ready.ts';
import {
  backCommands,
  describeCommand,
  forwardCommands,
  QUIETEN_COMMANDS,
  type FlipCommand,
} from './commands.ts';
import { readFlipState, type BackIntent, type Flip } from './flip.ts';
import { judgeBack } from './judge-back.ts';
import { performCommand } from './perform-command.ts';

/** Usually 6 to 9 s. More: an old disk, a large database that a new etcd changes. */
export const READY_SECONDS = 120;
/** When there is no way back, a slow one is still better than none. */
const FORWARD_SECONDS = 300;
/** What all of it may take: a step with less must not begin it, since its time would end the way back, too. */
export const FLIP_SECONDS = 1200;

/**
 * Ends with a control plane that is ready, and new. Killed at any point it is called again, and goes on from what lies on
 * disk. Errors: StatusError Failed; its text says whether the node is at the old state again, or stays at the new one.
 */
export async function flipControlPlane(host: Host, wanted: Flip): Promise<void> {
  const { operation } = wanted;
  const state = await readFlipState(host, operation);
  if (state.is === 'back') return endBack(host, state.intent);
  if (state.is === 'under way' && state.intent.direction === 'back')
    return goBack(host, state.intent, 'move');
  if (state.is === 'flipped') return start(host, state.flip, { isFirst: false });
  const flip = state.is === 'under way' ? state.intent.flip : wanted;
  const commands = forwardCommands(flip, host.clock.now().toISOString());
  if (state.is === 'untouched') await perform(host, operation, commands.quiet);
  try {
    await perform(host, operation, commands.move);
  } catch (error) {
    return goBack(
      host,
      backIntent(host, flip, { reason: reasonOf(error), started: false, putsDataBack: false }),
    );
  }
  return start(host, flip, { isFirst: true });
}

/** In their order. Errors: StatusError Failed. */
export async function perform(
  host: Host,
  operation: string,
  commands: readonly FlipCommand[],
): Promise<void> {
  for (const command of commands) {
    const begun = host.clock.monotonic();
    await performCommand(host, operation, command);
    host.log(`${describeCommand(command)}: done in ${(host.clock.monotonic() - begun).toFixed(1)} s`);
  }
}

/** `isFirst`: no kubelet has run since all was put into place, so that nothing has happened unseen. */
async function start(host: Host, flip: Flip, { isFirst }: { isFirst: boolean }): Promise<void> {
  const { operation, kubernetes } = flip;
  const before = await containerStarts(host);
  const problem = await startKubelet(host, flip);
  const found =
    problem === undefined
      ? await awaitReady(host, { kubernetes: kubernetes.to, seconds: READY_SECONDS, before })
      : { ready: false, seconds: 0, reason: problem, etcdAnswered: false };
  if (found.ready) {
    host.log(
      `kube-apiserver ${kubernetes.to}: ready ${found.seconds.toFixed(1)} s after the kubelet's start`,
    );
    return perform(host, operation, [{ do: 'remove-unit' }]);
  }
  host.log(`kube-apiserver ${kubernetes.to}: ${found.reason}`);
  await perform(host, operation, QUIETEN_COMMANDS);
  const judgement = await judgeBack(host, flip, !isFirst || found.etcdAnswered);
  if (!judgement.may) return goForward(host, flip, `${found.reason}; not taken back: ${judgement.because}`);
  host.log(`going back: ${judgement.because}`);
  const { putsDataBack } = judgement;
  return goBack(host, backIntent(host, flip, { reason: found.reason, started: true, putsDataBack }));
}

/** Why it did not start. */
async function startKubelet(host: Host, { operation }: Flip): Promise<string | undefined> {
  try {
    await perform(host, operation, [{ do: 'start-kubelet' }]);
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** Errors: Failed with the reason when it does not become ready now either. */
async function goForward(host: Host, flip: Flip, reason: string): Promise<void> {
  const { operation, kubernetes } = flip;
  host.log(`going forward: ${reason}`);
  await perform(host, operation, [{ do: 'start-kubelet' }]);
  const wait = { kubernetes: kubernetes.to, seconds: FORWARD_SECONDS, before: await containerStarts(host) };
  const { ready, reason: still } = await awaitReady(host, wait);
  await perform(host, operation, [{ do: 'remove-unit' }]);
  if (!ready) throw failed(`flip: ${reason}; once more: ${still}; the new manifests and kubelet stay`);
}

/** Always ends in an error: the step has not done what it is for. */
async function goBack(host: Host, intent: BackIntent, from: 'quiet' | 'move' = 'quiet'): Promise<void> {
  await moveBack(host, intent, from);
  return endBack(host, intent);
}

/** Everything in its old place; no kubelet is started. Errors: StatusError Failed, saying what settles it. */
export async function moveBack(host: Host, intent: BackIntent, from: 'quiet' | 'move'): Promise<void> {
  const { operation } = intent.flip;
  const commands = backCommands(intent);
  try {
    if (from === 'quiet') await perform(host, operation, commands.quiet);
    await perform(host, operation, commands.move);
  } catch (error) {
    const why = `${intent.reason}; going back: ${reasonOf(error)}`;
    throw failed(
      `flip: ${why}; the kubelet does not start until that is settled: \`refit host settle-flip\``,
    );
  }
}

async function endBack(host: Host, { flip, reason }: BackIntent): Promise<void> {
  const { operation, kubernetes } = flip;
  const before = await containerStarts(host);
  await perform(host, operation, [{ do: 'start-kubelet' }, { do: 'remove-unit' }]);
  const wait = { kubernetes: kubernetes.from, seconds: READY_SECONDS, before };
  const { ready, reason: still, seconds } = await awaitReady(host, wait);
  const old = kubernetes.from ?? 'the old version';
  throw failed(
    ready
      ? `flip: ${reason}; went back: ${old} is ready, ${seconds.toFixed(1)} s after the kubelet's start`
      : `flip: ${reason}; went back to ${old}, which is not ready: ${still}`,
  );
}

export function backIntent(
  host: Host,
  flip: Flip,
  rest: Pick<BackIntent, 'reason' | 'started' | 'putsDataBack'>,
): BackIntent {
  return { version: 1, direction: 'back', at: host.clock.now().toISOString(), flip, ...rest };
}

function failed(message: string): StatusError {
  return new StatusError(message, { reason: 'Failed' });
}
