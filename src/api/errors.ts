/** Why an operation was refused or failed; decides the answer and whether retrying can help. */
export type Reason =
  | 'BadInput' // what was asked is malformed or not allowed: asking again does not help
  | 'Forbidden' // the permission is missing; an API server that has just started knows none for some moments
  | 'NotFound'
  | 'Conflict' // somebody else changed the object first: read again and retry
  | 'AlreadyExists'
  | 'Unavailable' // a dependency (API server, cache) cannot answer now: retry
  | 'Failed'; // the work was done and ended badly

/**
 * The one error class of Refit. Messages name the object, the field, what was got and what was expected;
 * lower case, no full stop, no secrets.
 */
export class StatusError extends Error {
  readonly reason: Reason;

  constructor(message: string, options: { reason: Reason; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StatusError';
    this.reason = options.reason;
  }
}

export function badInput(field: string, got: unknown, expected: string): StatusError {
  return new StatusError(`${field}: got ${shown(got)}, expected ${expected}`, { reason: 'BadInput' });
}

/** A value in an error text: short, and only its type when it is not a plain scalar (it may hold a secret). */
function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string')
    return JSON.stringify(value.length > 64 ? `${value.slice(0, 61)}...` : value);
  if (typeof value === 'object') return 'an object';
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : typeof value;
}
