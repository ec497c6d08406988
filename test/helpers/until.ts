import { setImmediate } from 'node:timers/promises';

const LIMIT_MS = 45_000;

/** Waits for what a socket will bring; no sleep, it only lets the event loop turn. Fails before jest's own limit. */
export async function until(condition: () => boolean | Promise<boolean>, what = 'condition'): Promise<void> {
  const start = performance.now();
  while (!(await condition())) {
    if (performance.now() - start > LIMIT_MS) throw new Error(`${what}: not true after ${LIMIT_MS} ms`);
    await setImmediate();
  }
}
