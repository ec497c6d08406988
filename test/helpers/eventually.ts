import { setTimeout as sleep } from 'node:timers/promises';

/** True, or what is still missing. */
export type Verdict = boolean | string;

const pollEveryMs = 50;

/**
 * Waits for what comes over the network. A server that cannot be reached is waited for, too.
 * Errors: what did not come, and what the last look at it missed.
 */
export async function eventually(what: string, check: () => Verdict | Promise<Verdict>, seconds = 10) {
  const deadline = performance.now() + seconds * 1000;
  for (;;) {
    const verdict = await judge(check);
    if (verdict === true) return;
    if (performance.now() > deadline) {
      throw new Error(`${what}: not true after ${seconds} s${verdict === false ? '' : `: ${verdict}`}`);
    }
    await sleep(pollEveryMs);
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
  if ('syscall' in error || status === 429 || status >= 500) return true;
  return error.cause instanceof Error && isPassing(error.cause);
}
