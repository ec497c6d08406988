// What the two programs of Refit share: arguments in, exit code out.
import { Command, CommanderError } from 'commander';
import { EXIT } from '../api/commands.ts';
import { StatusError } from '../api/errors.ts';
import type { Io } from './io.ts';
import { tell } from './tell.ts';
import { version } from './version.ts';

export function newProgram(description: string, io: Io): Command {
  return new Command(io.programName ?? 'refit')
    .description(description)
    .version(version())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text),
      writeErr: (text) => io.err(text),
      outputError: (text) => tell(io, text),
    })
    .showHelpAfterError('(add --help for the options)');
}

/** Runs the command that the arguments name; `create` gets a function that takes its exit code. */
export async function execute(
  create: (io: Io, exit: (code: number) => void) => Command,
  argv: readonly string[],
  io: Io,
): Promise<number> {
  const result = { code: EXIT.done as number };
  const program = create(io, (code) => (result.code = code));
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return result.code;
  } catch (error) {
    // Commander has written its own text; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.badInput;
    if (!(error instanceof StatusError)) throw error;
    tell(io, error.message, 'refit: ');
    return error.reason === 'BadInput' ? EXIT.badInput : EXIT.failed;
  }
}
