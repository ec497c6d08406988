/** ok: nothing to do. unknown: it could not be looked at, the message says why. */
export const LEVELS = ['error', 'warning', 'unknown', 'ok'] as const;
export type Level = (typeof LEVELS)[number];

/** The contract of `refit doctor -o json`. */
export interface Finding {
  /** What was looked at. */
  check: string;
  level: Level;
  message: string;
  /** What to do about it. */
  remedy?: string;
}

export interface Findings {
  ok: (message: string) => Finding;
  warning: (message: string, remedy: string) => Finding;
  error: (message: string, remedy: string) => Finding;
  /** Not allowed, or not there to be seen. */
  unknown: (message: string, remedy?: string) => Finding;
}

export function findingsOf(check: string): Findings {
  const made = (level: Level, message: string, remedy?: string): Finding => ({
    check,
    level,
    message,
    ...(remedy === undefined ? {} : { remedy }),
  });
  return {
    ok: (message) => made('ok', message),
    warning: (message, remedy) => made('warning', message, remedy),
    error: (message, remedy) => made('error', message, remedy),
    unknown: (message, remedy = 'ask somebody who may look, or use an account that may') =>
      made('unknown', message, remedy),
  };
}
