export type Timed = <T>(what: string, work: Promise<T>) => Promise<T>;

/** Tells how long each piece of work took, when it has gone well. */
export function timedBy(log: (line: string) => void): Timed {
  return async (what, work) => {
    const started = performance.now();
    const result = await work;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    log(`${what.padEnd(26)}${seconds.padStart(5)} s`);
    return result;
  };
}
