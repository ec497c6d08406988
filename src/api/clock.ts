/** Time as a parameter: nothing but the outermost layer reads a real clock. */
export interface Clock {
  now(): Date;
  /** Seconds that only ever grow; unrelated to the date. */
  monotonic(): number;
  /** Resolves after so many seconds, at once when the signal aborts. */
  sleep(seconds: number, signal?: AbortSignal): Promise<void>;
}
