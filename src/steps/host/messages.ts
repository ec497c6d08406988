// What a report says to people, within its bounds.
import { StatusError } from '../../api/errors.ts';
import { isObject } from '../../api/json.ts';
import type { Change } from '../node/node-step.ts';

const MAX_MESSAGE = 1000;
/** What follows the reason is told too, even if the reason is long. */
const MAX_REASON = 600;

/** For people. What is no StatusError is a mistake in the program: its kind is named. */
export function reasonOf(error: unknown): string {
  if (error instanceof StatusError) return error.message;
  const { name, message } = isObject(error) ? error : {};
  return `unexpected ${typeof name === 'string' ? name : 'error'}: ${typeof message === 'string' ? message : ''}`;
}

/** For the log: where a mistake in the program is. Empty for a StatusError. */
export function stackOf(error: unknown): string {
  if (error instanceof StatusError || !isObject(error)) return '';
  return typeof error['stack'] === 'string' ? `\n${error['stack']}` : '';
}

/** The first part is the reason or the summary; empty parts are left out. At most 1000 characters. */
export function boundedMessage([first = '', ...rest]: readonly string[]): string {
  const parts = [cut(first, rest.length === 0 ? MAX_MESSAGE : MAX_REASON), ...rest];
  return cut(parts.filter((part) => part !== '').join('; '), MAX_MESSAGE);
}

/** `kubelet v1.33.4 -> v1.34.3, /etc/default/kubelet`. */
export function summary(changes: readonly Change[]): string {
  if (changes.length === 0) return 'done';
  return changes
    .map(({ what, from, to }) => {
      if (to === undefined) return what;
      return from === undefined ? `${what} ${to}` : `${what} ${from} -> ${to}`;
    })
    .join(', ');
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 3)}...`;
}
