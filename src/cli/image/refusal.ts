import { StatusError } from '../../api/errors.ts';

/** Of what a caller gave, or of what the machine has not got. */
export function refusal(message: string, cause?: unknown): StatusError {
  return new StatusError(message, { reason: 'BadInput', ...(cause !== undefined && { cause }) });
}
