// An API server that is away while its node is worked on: every request waits for it, for a bounded time.
import type { Clock } from '../../api/clock.ts';
import { StatusError, type Reason } from '../../api/errors.ts';
import type { ApiClient } from '../../kubernetes/api-client.ts';

/** A control plane of one node is away for two minutes in an upgrade; a node that reboots, for more. */
export const PATIENCE_SECONDS = 900;
/** One that has just started knows no roles yet, and refuses everybody but administrators. */
export const FORBIDDEN_SECONDS = 60;
const PAUSE_SECONDS = 2;

export interface PatienceOptions {
  /** Whose API server, for people. */
  name: string;
  clock: Clock;
  log: (line: string) => void;
  signal: AbortSignal;
}

/**
 * Get, create, patch and delete are asked again while no answer comes: a create may so find its own object. Errors:
 * those of the client, a Forbidden only after FORBIDDEN_SECONDS; Unavailable after PATIENCE_SECONDS without an answer,
 * and when the signal aborts.
 */
export function patientClient(client: ApiClient, options: PatienceOptions): ApiClient {
  const { name, clock, log, signal } = options;
  let since: number | undefined;
  let forbiddenSince: number | undefined;
  const told = new Set<string>();

  async function patient<T>(request: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const answer = await request();
        if (since !== undefined) log(`the API server of the ${name} answers again, ${away()} s later`);
        since = forbiddenSince = undefined;
        told.clear();
        return answer;
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        if (!mayPass(error.reason)) throw error;
        await pause(error.message);
      }
    }
  }

  function mayPass(reason: Reason): boolean {
    const now = clock.monotonic();
    forbiddenSince = reason === 'Forbidden' ? (forbiddenSince ?? now) : undefined;
    return (
      reason === 'Unavailable' || (forbiddenSince !== undefined && now - forbiddenSince < FORBIDDEN_SECONDS)
    );
  }

  async function pause(problem: string): Promise<void> {
    since ??= clock.monotonic();
    // Every object has its own message: what differs is only the address asked.
    const cause = problem.replace(/^[A-Z]+ \S+ ?/, '');
    if (!told.has(cause)) log(`the API server of the ${name} does not answer: ${cause}`);
    told.add(cause);
    if (away() >= PATIENCE_SECONDS) {
      throw new StatusError(`the API server of the ${name} has not answered for ${away()} s: ${problem}`, {
        reason: 'Unavailable',
      });
    }
    await clock.sleep(PAUSE_SECONDS, signal);
    if (signal.aborted) throw new StatusError('told to stop', { reason: 'Unavailable' });
  }

  const away = (): number => Math.round(clock.monotonic() - (since ?? clock.monotonic()));

  return {
    ...client,
    get: (path, query, asked) => patient(() => client.get(path, query, asked)),
    create: (path, body) => patient(() => client.create(path, body)),
    mergePatch: (path, body) => patient(() => client.mergePatch(path, body)),
    delete: (path, body) => patient(() => client.delete(path, body)),
  };
}
