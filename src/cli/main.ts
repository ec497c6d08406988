#!/usr/bin/env node
// `refit`: argv in, exit code out.
import { EXIT } from '../api/commands.ts';
import { nodeProblem } from './node-version.ts';
import { processIo } from './process-io.ts';
import { run } from './run.ts';

// `refit status -w | head`: nobody reads on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.failed);
});

const problem = nodeProblem(process.version);
if (problem === undefined) {
  process.exitCode = await run(process.argv.slice(2), processIo());
} else {
  process.stderr.write(`refit: ${problem}\n`);
  process.exitCode = EXIT.failed;
}
