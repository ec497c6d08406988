// After a power loss, before the kubelet: what is half done is completed, or taken back. No API, no network, no containers.
import { StatusError } from '../../../api/errors.ts';
import { ROLLBACK } from '../../../api/steps.ts';
import type { Host } from '../../host/host.ts';
import { reasonOf } from '../../host/messages.ts';
import { createSystemd, isWorking } from '../../operation/systemd.ts';
import { operationUnit, stepUnit } from '../../operation/units.ts';
import { manifestFile } from '../static-pods.ts';
import { backCommands, forwardCommands, type FlipCommand } from './commands.ts';
import { readFlipState, type BackIntent, type Flip } from './flip.ts';
import { perform } from './flip-control-plane.ts';
import { intentFile } from './flip-folder.ts';

export type Settled = 'nothing to do' | 'nothing had moved' | 'completed' | 'taken back';

/**
 * Does not start the kubelet: systemd does, after this. The operation's unit comes later and waits for its API server.
 * Repeatable. Errors: StatusError Failed when it can be brought to neither end; Unavailable while the operation's own unit
 * or that of its rollback works, which starts the kubelet when it is time.
 */
export async function settleFlip(host: Host, operation: string): Promise<Settled> {
  const units = [operationUnit(operation), stepUnit(operation, ROLLBACK.name)];
  const states = await createSystemd(host).states(units);
  const working = units.find((_unit, index) => states[index] && isWorking(states[index]));
  if (working !== undefined) {
    throw new StatusError(`${working}: works on the flip, expected it to end first`, {
      reason: 'Unavailable',
    });
  }
  return settleIntent(host, operation);
}

/** The same without that question, by the operation's unit itself. */
export async function settleIntent(host: Host, operation: string): Promise<Settled> {
  const state = await readFlipState(host, operation);
  if (state.is !== 'under way') return 'nothing to do';
  const { intent } = state;
  if (intent.direction === 'back') return takeBack(host, intent);
  const { flip } = intent;
  if (await isAllOld(host, flip)) {
    await host.files.remove(intentFile(operation));
    return 'nothing had moved';
  }
  try {
    await perform(host, operation, withoutKubelet(forwardCommands(flip, intent.at).move));
    return 'completed';
  } catch (error) {
    host.log(`flip: cannot be completed: ${reasonOf(error)}`);
    const [reason, at] = [`after a restart: ${reasonOf(error)}`, host.clock.now().toISOString()];
    const back = {
      version: 1,
      direction: 'back',
      at,
      flip,
      reason,
      started: false,
      putsDataBack: false,
    } as const;
    await perform(host, operation, backCommands(back).quiet);
    return takeBack(host, back);
  }
}

async function takeBack(host: Host, intent: BackIntent): Promise<Settled> {
  await perform(host, intent.flip.operation, withoutKubelet(backCommands(intent).move));
  return 'taken back';
}

/** systemd has yet to start it, and waits for us: to stop it would take that start away. */
function withoutKubelet(commands: readonly FlipCommand[]): FlipCommand[] {
  return commands.filter((command) => command.do !== 'stop-kubelet');
}

/** What did not change counts as both. */
async function isAllOld({ files }: Host, { kubelet, manifests }: Flip): Promise<boolean> {
  for (const { pod, from } of manifests) if ((await files.sha256(manifestFile(pod))) !== from) return false;
  return (await files.sha256(kubelet.path)) === kubelet.from;
}
