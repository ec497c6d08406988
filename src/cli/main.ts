#!/usr/bin/env node
// `refit`: argv in, exit code out.
import { processIo } from './process-io.ts';
import { run } from './run.ts';

process.exitCode = await run(process.argv.slice(2), processIo());
