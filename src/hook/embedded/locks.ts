// Mutexes and semaphores: who may run, in the order of asking.
import { StatusError } from '../../api/errors.ts';

export interface Locks {
  /** How many may hold a semaphore at once. */
  limit(name: string, holders: number): void;
  /** Resolves when all of them are held, or when the signal aborts: then none is. Errors: NotFound, no such semaphore. */
  acquire(holder: string, names: readonly string[], signal: AbortSignal): Promise<'held' | 'aborted'>;
  release(holder: string): void;
}

interface Waiter {
  holder: string;
  names: readonly string[];
  grant: () => void;
}

export function createLocks(): Locks {
  const limits = new Map<string, number>();
  const held = new Map<string, readonly string[]>();
  let waiting: Waiter[] = [];

  const limitOf = (name: string): number | undefined => (name.includes('/Mutex/') ? 1 : limits.get(name));
  const isFree = (name: string): boolean =>
    [...held.values()].filter((names) => names.includes(name)).length < (limitOf(name) ?? 0);

  /** First come, first served: who must wait keeps those behind away from the locks that it wants. */
  function serve(): void {
    const wanted = new Set<string>();
    for (const waiter of waiting) {
      const mayRun = waiter.names.every((name) => isFree(name) && !wanted.has(name));
      if (mayRun) waiter.grant();
      else for (const name of waiter.names) wanted.add(name);
    }
  }

  return {
    limit(name, holders) {
      limits.set(name, holders);
      serve();
    },
    acquire: (holder, names, signal) =>
      new Promise((resolve, reject) => {
        const missing = names.find((name) => limitOf(name) === undefined);
        if (missing !== undefined)
          return reject(new StatusError(`${missing}: not found`, { reason: 'NotFound' }));
        const leave = (): void => {
          waiting = waiting.filter((other) => other !== waiter);
          signal.removeEventListener('abort', abort);
        };
        const abort = (): void => {
          leave();
          resolve('aborted');
          serve();
        };
        const grant = (): void => {
          leave();
          held.set(holder, names);
          resolve('held');
        };
        const waiter: Waiter = { holder, names, grant };
        if (signal.aborted) return resolve('aborted');
        signal.addEventListener('abort', abort);
        waiting = [...waiting, waiter];
        serve();
      }),
    release(holder) {
      held.delete(holder);
      serve();
    },
  };
}
