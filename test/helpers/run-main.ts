import { messages } from './messages.ts';

/** Runs a program: what it returns is the exit code, what it throws is told without a stack, exit code 1. */
export async function runMain(main: (args: string[]) => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${messages(error)}\n`);
    process.exitCode = 1;
  }
}
