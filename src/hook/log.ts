/** Structured log: a constant message and keys; never whole objects, never secrets. */
export interface Log {
  info(keys: LogKeys, message: string): void;
  warn(keys: LogKeys, message: string): void;
  error(keys: LogKeys, message: string): void;
}

export interface LogKeys {
  hook?: string;
  /** namespace/name */
  machine?: string | undefined;
  operation?: number;
  [key: string]: unknown;
}

export const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };
