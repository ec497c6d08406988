import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { tool } from '../tools/build.ts';
import type { Order, Reply } from './keeper.ts';

/** A real etcd and kube-apiserver on loopback: TLS, RBAC, no controllers. */
export interface ControlPlane {
  /** Of an administrator. */
  kubeconfigPath: string;
  /** As by a crash; etcd goes on. */
  stopApiServer(): Promise<void>;
  /** On the same port, with the same data; resolves when it is ready. */
  startApiServer(): Promise<void>;
  /** Ends both and removes their folder; it also happens when this process ends without. */
  stop(): Promise<void>;
}

/** Takes a few seconds once the tools are built. Errors: which process failed, with the end of its log. */
export async function startControlPlane(): Promise<ControlPlane> {
  // A build is ours to interrupt; the keeper finds it done.
  for (const name of ['etcd', 'kube-apiserver']) await tool(name);
  const keeper = fork(fileURLToPath(new URL('keeper.ts', import.meta.url)), {
    // Away from the terminal's Ctrl-C, so that it lives long enough to clean up.
    detached: true,
    execArgv: [],
  });
  const stop = () => ended(keeper);
  try {
    const { kubeconfigPath = '' } = await ask(keeper, 'start');
    return {
      kubeconfigPath,
      stopApiServer: async () => void (await ask(keeper, 'stopApiServer')),
      startApiServer: async () => void (await ask(keeper, 'startApiServer')),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One order at a time. */
async function ask(keeper: ChildProcess, order: Order): Promise<Reply> {
  const reply = await new Promise<Reply>((resolve) => {
    const died = () => resolve({ error: `the control plane's keeper ended before it answered ${order}` });
    keeper.once('exit', died);
    keeper.once('message', (message) => {
      keeper.off('exit', died);
      resolve(message as Reply);
    });
    keeper.send(order, (error) => error && died());
  });
  if (reply.error !== undefined) throw new Error(reply.error);
  return reply;
}

/** Let go of it, and it ends. */
function ended(keeper: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (keeper.exitCode !== null || keeper.signalCode !== null) return resolve();
    keeper.once('exit', () => resolve());
    if (keeper.connected) keeper.disconnect();
  });
}
