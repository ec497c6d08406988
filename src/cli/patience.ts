import { StatusError } from '../api/errors.ts';
import type { Io } from './io.ts';
import { tell } from './tell.ts';

export type Patience = <T>(answer: Promise<T>) => Promise<T | 'away'>;

/** For those who wait: the API server may be on the very node that is worked on. Each reason is said once. */
export function patience(io: Io): Patience {
  let said = '';
  return async (answer) => {
    try {
      const given = await answer;
      said = '';
      return given;
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'Unavailable') throw error;
      const line = `refit: ${error.message}; looking again`;
      if (line !== said) tell(io, line);
      said = line;
      return 'away';
    }
  };
}
