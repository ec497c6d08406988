// A command on a node that stands still in its middle, so that something can happen to it there.
import { eventually } from '../../helpers/eventually.ts';
import type { E2eNode } from '../cluster/connect.ts';
import { endOn, hidden, runOn } from './run-on.ts';

export interface Frozen {
  /** It goes on. Harmless when it is gone. */
  thaw(): void;
}

export interface Trap {
  /** Waits until it has caught one. */
  caught(seconds: number): Promise<Frozen>;
  close(): void;
}

const CATCH = 'until pid=$(pgrep -o -f "$1"); do sleep 0.02; done; kill -STOP "$pid"; echo "$pid"';

const NAME = 'refit-trap';

/** For the first process whose command line has that text. To be set before it may begin. */
export function trap(node: E2eNode, text: string): Trap {
  const running = node.start(['sh', '-c', CATCH, NAME, hidden(text)]);
  return {
    async caught(seconds) {
      const isCaught = () => /^\d+\n$/.test(running.output());
      await eventually(`${node.name}: ${text} caught in its middle`, isCaught, seconds);
      const pid = running.output().trim();
      return { thaw: () => void node.run(['kill', '-CONT', pid]) };
    },
    close: () => endOn(node, NAME),
  };
}

/** One that runs already, and long enough to be found. */
export function freeze(node: E2eNode, text: string): Frozen {
  const pid = runOn(node, ['pgrep', '-o', '-f', text]).trim();
  runOn(node, ['kill', '-STOP', pid]);
  return { thaw: () => void node.run(['kill', '-CONT', pid]) };
}
