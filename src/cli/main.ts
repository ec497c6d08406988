#!/usr/bin/env node
// `refit`: argv in, exit code out.
import { EXIT } from '../api/commands.ts';
import { processIo } from './process-io.ts';
import { run } from './run.ts';

// `refit status -w | head`: nobody reads on.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.failed);
});

process.exitCode = await run(process.argv.slice(2), processIo());
