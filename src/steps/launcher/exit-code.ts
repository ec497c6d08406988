import { EXIT } from '../../api/commands.ts';
import type { StatusError } from '../../api/errors.ts';

export function exitCode({ reason }: StatusError): number {
  if (reason === 'BadInput') return EXIT.badInput;
  return ['Unavailable', 'Forbidden', 'Conflict', 'AlreadyExists'].includes(reason)
    ? EXIT.temporary
    : EXIT.failed;
}
