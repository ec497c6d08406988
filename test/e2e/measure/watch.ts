// What a story watches from outside while a node is upgraded. A process of its own does it, since a story that waits for a
// command on a node stands still.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Sample, State } from './gaps.ts';

export interface Watched {
  kubeconfigPath: string;
  /** It is cordoned or not. */
  nodeName: string;
  /** Of the workload, at a node that is not disturbed. */
  httpUrl?: string;
  /** A number that grows, from outside of the node. */
  counterFile?: string;
  /** Of a PodDisruptionBudget, in the API. */
  budgetPath?: string;
}

export interface Observations {
  /** The API server's /readyz. */
  api: Sample[];
  http: Sample[];
  /** A number is read through the API server, and the next one written. */
  writes: Sample[];
  /** How often what was acknowledged was not there any more. */
  lostWrites: number;
  cordoned: State<boolean>[];
  counter: State<number>[];
  /** Healthy pods beyond those that the budget wants: below 0 it is violated. */
  budget: State<number>[];
}

export interface Watch {
  /** Errors: the process ended before. */
  end(): Promise<Observations>;
}

const PROGRAM = fileURLToPath(new URL('watcher.ts', import.meta.url));

/** Resolves when it looks. It ends with this process, however that ends. */
export async function watch(watched: Watched): Promise<Watch> {
  const child = fork(PROGRAM, [JSON.stringify(watched)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the process that watches node ${watched.nodeName} ended with ${String(code)}`);
  });
  ended.catch(() => undefined);
  await Promise.race([once(child, 'message'), ended]);
  return {
    async end() {
      const answer = once(child, 'message');
      child.send('end');
      const [observations] = (await Promise.race([answer, ended])) as [Observations];
      return observations;
    },
  };
}
