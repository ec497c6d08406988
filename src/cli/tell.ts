import type { Io } from './io.ts';
import { hanging } from './text.ts';

/** Errors and progress: broken at 80 columns for a terminal, below the heading; one line each elsewhere. */
export function tell(
  { err, isErrTerminal }: Pick<Io, 'err' | 'isErrTerminal'>,
  text: string,
  heading = '',
): void {
  err(`${isErrTerminal ? hanging(heading, text) : heading + text.trimEnd()}\n`);
}
