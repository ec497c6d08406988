import { setTimeout as sleep } from 'node:timers/promises';

/** True, or what is still missing. */
export type Verdict = boolean | string;

/** The longer it takes, the less often: a look at a busy server is part of its load. */
const POLL_MS = { first: 50, most: 1000 };
const SHARE_OF_WAIT = 0.05;

/**
 * Waits for what comes over the network. A server that cannot be reached is waited for, too.
 * Errors: what did not come, and what the last look at it missed.
 */
export async function eventually(what: string, check: () => Verdict | Promise<Verdict>, seconds = 10) {
  const begin = performance.now();
  for (;;) {
    const verdict = await judge(check);
    if (verdict === true) return;
    const waitedMs = performance.now() - begin;
    if (waitedMs > seconds * 1000) {
      throw new Error(`${what}: not true after ${seconds} s${verdict === false ? '' : `: ${verdict}`}`);
    }
    await sleep(Math.min(Math.max(POLL_MS.first, waitedMs * SHARE_OF_WAIT), POLL_MS.most));
  }
}

/** Waits until there is something to find. Errors: what there was not. */
export async function found<T>(what: string, find: () => Promise<T | undefined>, seconds = 10): Promise<T> {
  let result: T | undefined;
  await eventually(what, async () => (result = await find()) !== undefined, seconds);
  return result as T;
}

async function judge(check: () => Verdict | Promise<Verdict>): Promise<Verdict> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof Error && isPassing(error)) return error.message;
    throw error;
  }
}

/** No connection, or a server that says that it cannot answer now. */
function isPassing(error: Error & { status?: unknown }): boolean {
  const status = Number(error.status);
  const isCut = 'code' in error && error.code === 'ECONNRESET';
  if ('syscall' in error || isCut || status === 429 || status >= 500) return true;
  return error.cause instanceof Error && isPassing(error.cause);
}
