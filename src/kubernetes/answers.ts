// What API servers answer, and that they do not, as values and errors of ours. Pure.
import { StatusError, type Reason } from '../api/errors.ts';
import { isObject, type JsonObject } from '../api/json.ts';
import { cut, text } from './fields.ts';

/** A StatusError stays what it is. */
export function unavailable(what: string, error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  return new StatusError(`${what}: ${failure(error)}`, { reason: 'Unavailable', cause: error });
}

/** Errors: SyntaxError. */
export function parse(content: string): JsonObject {
  const value: unknown = JSON.parse(content);
  if (!isObject(value)) throw new SyntaxError('not a JSON object');
  return value;
}

/** Of an answer whose status is no success. */
export function refusal(what: string, status: number, content: string): StatusError {
  let answer: JsonObject = {};
  try {
    answer = parse(content);
  } catch {
    // A proxy in between answers in its own way: the status must do.
  }
  const message = cut(text(answer, 'message') ?? 'no message', 300);
  return new StatusError(`${what}: ${status} ${message}`, {
    reason: reasonOf(status, text(answer, 'reason'), message),
  });
}

function reasonOf(status: number, reason: string | undefined, message: string): Reason {
  // The other refusals of this status are of admission: quotas, Pod Security.
  if (status === 403 && message.includes('is forbidden: User ')) return 'Forbidden';
  if (status === 404) return 'NotFound';
  if (status === 409) return reason === 'AlreadyExists' ? 'AlreadyExists' : 'Conflict';
  // 401: our token is being rotated, or the server cannot check it now.
  return status === 401 || status === 408 || status === 429 || status >= 500 ? 'Unavailable' : 'BadInput';
}

/** The reason of a failed fetch is one level down. */
function failure(error: unknown): string {
  if (!isObject(error)) return 'no answer';
  return (
    text(error, 'cause', 'message') ?? text(error, 'cause', 'code') ?? text(error, 'message') ?? 'no answer'
  );
}
